import { z } from "zod";
import { defineMethod } from "../method.js";

export const versionGet = defineMethod({
  name: "version_get",
  summary: "Name, version and bridge version of the daemon.",
  params: z.strictObject({}),
  result: z.object({ name: z.string(), version: z.string(), api: z.int() }),
});
