export type { SeedItem } from "./database.js";
export {
  type EjabberdOptions,
  type EjabberdServer,
  type FillOptions,
  startEjabberd,
} from "./ejabberd-server.js";
