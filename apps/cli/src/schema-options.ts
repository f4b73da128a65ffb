import { type BridgeMethod, bridgeMethods } from "@larder/core/bridge";
import { InvalidArgumentError, Option } from "commander";
import { z } from "zod";

/** The part of a JSON Schema that decides how a parameter is given on a command line. */
interface ParameterSchema {
  readonly type?: string;
  readonly enum?: readonly string[];
  readonly description?: string;
  readonly items?: { readonly type?: string };
  readonly anyOf?: readonly ParameterSchema[];
}

const kebab = (name: string) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

const integer = (text: string): number => {
  if (!/^-?\d+$/.test(text)) throw new InvalidArgumentError("It takes a whole number.");
  return Number(text);
};

const jsonValue = (text: string): unknown => {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new InvalidArgumentError("It takes JSON.");
  }
};

const append = (text: string, earlier: string[] | undefined): string[] => [...(earlier ?? []), text];

/** Name, shape and description of a method's parameters, from its schema. */
export function parametersOf(method: BridgeMethod): Record<string, ParameterSchema> {
  const schema = z.toJSONSchema(bridgeMethods[method].params, { io: "input", unrepresentable: "any" });
  return (schema.properties ?? {}) as Record<string, ParameterSchema>;
}

/**
 * The option for one parameter: `--kebab-case`; lists are given by repeating it, objects as JSON, and a
 * yes-or-no that is true by default is turned off by `--no-…`.
 */
export function optionFor(name: string, schema: ParameterSchema): Option {
  const description = schema.description ?? "";
  const flag = kebab(name);
  if (schema.type === "boolean")
    return new Option(description.endsWith("(true)") ? `--no-${flag}` : `--${flag}`, description);
  if (schema.type === "integer") return new Option(`--${flag} <n>`, description).argParser(integer);
  if (schema.enum) return new Option(`--${flag} <value>`, description).choices([...schema.enum]);
  if (schema.type === "array" && schema.items?.type === "string") {
    return new Option(`--${flag} <value>`, `${description} (repeatable)`.trim()).argParser(append);
  }
  if (schema.type === "string" || schema.anyOf?.every(({ type }) => type === "string"))
    return new Option(`--${flag} <value>`, description);
  return new Option(`--${flag} <json>`, description).argParser(jsonValue);
}
