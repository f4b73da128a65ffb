export { runReadme } from "./run-readme.js";
