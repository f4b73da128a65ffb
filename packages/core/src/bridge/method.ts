import type { z } from "zod";

/**
 * One method of the bridge. From this single description come validation, the types of client and
 * daemon, the arguments of the CLI and the reference.
 */
export interface MethodDefinition<
  Name extends string = string,
  Params extends z.ZodType = z.ZodType,
  Result extends z.ZodType = z.ZodType,
> {
  readonly name: Name;
  /** One sentence for the reference and the CLI's help. */
  readonly summary: string;
  readonly params: Params;
  readonly result: Result;
}

/** Keeps the exact types of a description. */
export function defineMethod<Name extends string, Params extends z.ZodType, Result extends z.ZodType>(
  definition: MethodDefinition<Name, Params, Result>,
): MethodDefinition<Name, Params, Result> {
  return definition;
}
