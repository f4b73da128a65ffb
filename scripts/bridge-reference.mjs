// Writes docs/openrpc.json and docs/bridge.md from the bridge's schemas; with --check only says whether they are up to date.
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import {
  BRIDGE_API,
  bridgeMethods,
  bridgeSignals,
  transientSignals,
} from "../packages/core/dist/bridge/index.js";
import { z } from "../packages/core/node_modules/zod/index.js";
import { manifest, root } from "./lib/root.mjs";

const schemaOf = (schema, io) => {
  const { $schema, $defs, ...json } = z.toJSONSchema(schema, {
    io,
    unrepresentable: "any",
    reused: "inline",
    // What the daemon tells may have more fields one day: whoever reads it must not refuse them.
    override: ({ jsonSchema }) => {
      if (io === "output" && jsonSchema.additionalProperties === false)
        delete jsonSchema.additionalProperties;
    },
  });
  return inlined(json, $defs ?? {});
};

/** Shapes with an id come as references; each document below repeats them in place, or names them by their title. */
function inlined(json, defs) {
  if (Array.isArray(json)) return json.map((entry) => inlined(entry, defs));
  if (json === null || typeof json !== "object") return json;
  if (typeof json.$ref === "string") {
    const name = json.$ref.split("/").pop();
    return inlined({ title: name, ...defs[name], id: undefined }, defs);
  }
  return Object.fromEntries(Object.entries(json).map(([key, value]) => [key, inlined(value, defs)]));
}

const methods = Object.values(bridgeMethods).map(({ name, summary, params, result }) => ({
  name,
  summary,
  params: schemaOf(params, "input"),
  result: schemaOf(result, "output"),
}));
const CURSOR = {
  type: "string",
  description: "where it stands in the event log: `since` goes on after it",
};

/** Params of a signal as they are told: durable ones carry their cursor. */
function signalParams(name, schema) {
  const params = schemaOf(schema, "output");
  if (transientSignals.has(name)) return params;
  return {
    ...params,
    properties: { ...params.properties, cursor: CURSOR },
    required: [...(params.required ?? []), "cursor"],
  };
}

const signals = Object.entries(bridgeSignals).map(([name, params]) => ({
  name,
  params: signalParams(name, params),
}));

const openrpc = {
  openrpc: "1.3.2",
  info: { title: "Larder bridge", version: `${manifest().version}`, "x-bridge-version": BRIDGE_API },
  methods: methods.map(({ name, summary, params, result }) => ({
    name,
    summary,
    paramStructure: "by-name",
    params: Object.entries(params.properties ?? {}).map(([field, schema]) => ({
      name: field,
      required: (params.required ?? []).includes(field),
      schema,
    })),
    result: { name: "result", schema: result },
  })),
  "x-signals": signals.map(({ name, params }) => ({ name, durable: !transientSignals.has(name), params })),
};

/** A schema in a few words. */
function words(schema) {
  if (schema.title) return schema.title;
  if (schema.enum) return schema.enum.map((value) => `\`${JSON.stringify(value)}\``).join(" \\| ");
  if (schema.const !== undefined) return `\`${JSON.stringify(schema.const)}\``;
  if (schema.anyOf) return [...new Set(schema.anyOf.map(words))].join(" or ");
  if (schema.type === "array") return `list of ${words(schema.items ?? {})}`;
  if (schema.type === "object" && schema.properties) {
    return `{ ${Object.entries(schema.properties)
      .map(([name, field]) => `${name}${schema.required?.includes(name) ? "" : "?"}: ${words(field)}`)
      .join(", ")} }`;
  }
  if (schema.type === "object") return "object";
  if (schema.format === "date-time") return "time";
  return schema.type ?? "any JSON";
}

const row = (cells) => `| ${cells.map((cell) => String(cell).replaceAll("\n", " ")).join(" | ")} |`;

function table(schema, required) {
  const fields = Object.entries(schema.properties ?? {});
  if (fields.length === 0) return "none";
  return [
    row(["name", "", "type", "meaning"]),
    row(["---", "---", "---", "---"]),
    ...fields.map(([name, field]) =>
      row([
        `\`${name}\``,
        (required ?? []).includes(name) ? "required" : "",
        words(field),
        field.description ?? "",
      ]),
    ),
  ].join("\n");
}

/** Shapes that have a name, once each. */
function named(schema, found = new Map()) {
  if (schema === null || typeof schema !== "object") return found;
  if (schema.title && schema.properties && !found.has(schema.title)) found.set(schema.title, schema);
  for (const value of Object.values(schema)) named(value, found);
  return found;
}
const shapes = named([...methods.map(({ result }) => result), ...signals.map(({ params }) => params)]);

const markdown = `# The bridge

JSON-RPC 2.0 over a Unix socket, one JSON text a line, params by name. This page is made from the schemas in
\`packages/core/src/bridge\`, from which validation, the typed client and the command line's options come too;
[openrpc.json](openrpc.json) is the same for programs. Bridge version ${BRIDGE_API}.

Requests of one connection run side by side and are answered as they end. A client that closes its writing side
still gets all its answers. \`account\` may be left out where exactly one account is configured.

## Errors

The standard codes (-32700, -32600, -32601, -32602 with \`data.path\` naming the field), and -32000 for the daemon's own,
with \`data: { type, condition?, text?, retryable }\`. Types: \`not_found\`, \`conflict\`, \`not_connected\`, \`timeout\`,
\`forbidden\`, \`not_acceptable\`, \`unsupported\`, \`busy\`, \`auth_failed\`, \`tls\`, \`connection\`, \`storage\`, \`stanza_error\`,
\`internal\`.

\`\`\`
→ {"jsonrpc":"2.0","id":1,"method":"ps_items_get","params":{"service":"pubsub.example.org","node":"blog","maxItems":1}}
← {"jsonrpc":"2.0","id":1,"result":{"items":[{"id":"post-1","service":"pubsub.example.org","node":"blog", …}],"complete":false,"source":"cache"}}
→ {"jsonrpc":"2.0","id":2,"method":"ps_items_get","params":{"node":"blog","maxItems":-1}}
← {"jsonrpc":"2.0","id":2,"error":{"code":-32602,"message":"maxItems: Too small: expected number to be >=1","data":{"path":"maxItems"}}}
\`\`\`

## Methods

${methods
  .map(
    ({ name, summary, params, result }) => `### ${name}

${summary}

${Object.keys(params.properties ?? {}).length === 0 ? "No params." : table(params, params.required)}

Result: ${words(result)}
`,
  )
  .join("\n")}
## Signals

Notifications of these names, to connections that called \`signals_subscribe\`. Durable ones are rows of the event log and
carry \`cursor\`, from which \`since\` goes on; the others tell what happens and are not kept.

${signals
  .map(
    ({ name, params }) => `### ${name}

${transientSignals.has(name) ? "Not kept." : "Durable."}

${table(params, params.required)}
`,
  )
  .join("\n")}
## Shapes

${[...shapes]
  .map(
    ([name, shape]) => `### ${name}

${shape.description ?? ""}

${table(shape, shape.required)}
`,
  )
  .join("\n")}`.replace(/\n{3,}/g, "\n\n");

const wanted = {
  "docs/openrpc.json": `${JSON.stringify(openrpc, null, 2)}\n`,
  "docs/bridge.md": `${markdown.trimEnd()}\n`,
};
let stale = false;
for (const [file, text] of Object.entries(wanted)) {
  const at = path.join(root, file);
  if (!process.argv.includes("--check")) await writeFile(at, text);
  else if ((await readFile(at, "utf8").catch(() => "")) !== text) {
    stale = true;
    console.error(`${file} is out of date: run npm run docs:bridge`);
  }
}
process.exitCode = stale ? 1 : 0;
