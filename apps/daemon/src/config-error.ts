import { InvalidParamsError, paramsErrorOf } from "@larder/core";
import { z } from "zod";

/** The schema inside of defaults and the like. */
function inner(schema: unknown): unknown {
  let at = schema;
  while (at instanceof z.ZodDefault || at instanceof z.ZodPrefault || at instanceof z.ZodOptional)
    at = at.unwrap();
  return at;
}

/** Names of the settings at a place of the configuration; undefined if they are free or not there. */
function settingsAt(schema: z.ZodType, path: readonly PropertyKey[]): string[] | undefined {
  let at = inner(schema);
  for (const key of path) {
    if (at instanceof z.ZodArray) at = inner(at.element);
    else if (at instanceof z.ZodObject) at = inner(at.shape[String(key)]);
    else return undefined;
  }
  return at instanceof z.ZodObject ? Object.keys(at.shape) : undefined;
}

/** The error of a configuration that its schema refuses: it names the file, the setting and what is possible instead. */
export function configurationError(file: string, schema: z.ZodType, error: z.ZodError): InvalidParamsError {
  const [issue] = error.issues;
  if (issue?.code !== "unrecognized_keys") {
    const problem = paramsErrorOf(error);
    return new InvalidParamsError(problem.path, `${file}: ${problem.message}`);
  }
  const path = [...issue.path, issue.keys[0] ?? ""].map(String).join(".");
  const known = settingsAt(schema, issue.path);
  const where = issue.path.length === 0 ? "sections" : `settings of ${issue.path.map(String).join(".")}`;
  const list = known === undefined ? "" : `; ${where} are ${known.join(", ")}`;
  return new InvalidParamsError(path, `${file}: ${path}: there is no such setting${list}`);
}
