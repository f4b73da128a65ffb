import { z } from "zod";

/** A way into parsed data: a string is a key, an integer an array index, never the other. */
export const jsonPath = z
  .array(z.union([z.string(), z.int().min(0)]))
  .min(1)
  .max(32);

export const operators = [
  "==",
  "!=",
  "<",
  "<=",
  ">",
  ">=",
  "eq",
  "ne",
  "lt",
  "le",
  "gt",
  "ge",
  "between",
  "in",
  "not_in",
  "overlap",
  "ioverlap",
  "disjoint",
  "idisjoint",
  "like",
  "not_like",
  "ilike",
  "not_ilike",
  "exists",
] as const;

/** How a value of the parsed data is compared. */
export type ConditionOperator = (typeof operators)[number];

export const condition = z.strictObject({
  path: jsonPath,
  op: z.enum(operators),
  value: z.unknown().refine((value) => value !== undefined, { error: "is missing" }),
});

export const direction = z.enum(["asc", "desc"]).optional();

export const searchOrder = z.union([
  z.strictObject({ order: z.enum(["creation", "modification", "itemId", "rank"]), direction }),
  z.strictObject({ path: jsonPath, direction }),
]);
