/**
 * For every rule of .dependency-cruiser.cjs a module that breaks it, so that a rule which catches nothing is noticed.
 * `path` and `text` of the module, and the rule that has to report it.
 */
export const planted = [
  ...[
    ["core-knows-nobody", "packages/core", "@larder/storage"],
    ["storage-knows-nobody", "packages/storage", "@larder/messages"],
    ["messages-stands-on-core-and-storage", "packages/messages", "@larder/reactions"],
    ["pubsub-cache-stands-on-core-and-storage", "packages/pubsub-cache", "@larder/messages"],
    ["reactions-stands-on-core-and-storage", "packages/reactions", "@larder/pubsub-cache"],
    ["testing-knows-nobody", "packages/testing", "@larder/core"],
    ["daemon-imports-packages-only", "apps/daemon", "@larder/cli"],
    ["cli-speaks-through-the-bridge", "apps/cli", "@larder/storage"],
    ["demo-stands-on-core-and-testing", "demo", "@larder/daemon"],
  ].flatMap(([rule, place, target]) => [
    { rule, path: `${place}/src/planted-${rule}.ts`, text: `export * from "${target}";\n` },
    // A type is knowledge too.
    { rule, path: `${place}/src/planted-type-${rule}.ts`, text: `export type * from "${target}";\n` },
  ]),
  {
    rule: "core-knows-nobody",
    path: "packages/core/src/planted-relative.ts",
    text: `export * from "../../storage/src/index.js";\n`,
  },
  {
    rule: "storage-takes-only-types-from-core",
    path: "packages/storage/src/planted-core.ts",
    text: `import { parseJid } from "@larder/core";\nexport const parse = parseJid;\n`,
  },
  {
    rule: "only-tests-import-testing",
    path: "packages/messages/src/planted-testing.ts",
    text: `export * from "@larder/testing";\n`,
  },
  {
    rule: "no-internals-of-packages",
    path: "packages/reactions/src/planted-internals.ts",
    text: `export * from "../../core/src/jid/jid.js";\n`,
  },
  {
    rule: "no-internals-of-packages",
    path: "packages/reactions/test/planted-internals-of-tests.ts",
    text: `export * from "../../storage/test/planted-target.js";\n`,
  },
  {
    rule: "no-internals-of-packages-from-outside",
    path: "demo/src/planted-internals.ts",
    text: `export * from "../../packages/core/dist/jid/jid.js";\n`,
  },
  {
    rule: "no-unresolvable-imports",
    path: "apps/daemon/src/planted-deep.ts",
    text: `export * from "@larder/core/dist/jid/jid.js";\n`,
  },
  {
    rule: "no-cycles",
    path: "packages/core/src/planted-cycle-a.ts",
    text: `import { b } from "./planted-cycle-b.js";\nexport const a = () => b;\n`,
  },
];

/** What the planted modules need: the other half of the cycle (which is told once), and a target. */
export const accomplices = [
  { path: "packages/storage/test/planted-target.ts", text: "export const target = 1;\n" },
  {
    path: "packages/core/src/planted-cycle-b.ts",
    text: `import { a } from "./planted-cycle-a.js";\nexport const b = () => a;\n`,
  },
];

/** What is allowed has to stay allowed: modules that no rule may report. */
export const innocent = [
  {
    path: "packages/storage/src/planted-type-of-core.ts",
    text: `import type { JidParts } from "@larder/core";\nexport type Parts = JidParts;\n`,
  },
  {
    path: "packages/messages/src/planted-innocent.ts",
    text: `export * from "@larder/core";\nexport * as storage from "@larder/storage";\n`,
  },
  { path: "packages/messages/src/planted-innocent.test.ts", text: `export * from "@larder/testing";\n` },
  {
    path: "packages/core/src/planted-types-a.ts",
    text: `import type { B } from "./planted-types-b.js";\nexport interface A { b: B }\n`,
  },
  {
    path: "packages/core/src/planted-types-b.ts",
    text: `import type { A } from "./planted-types-a.js";\nexport interface B { a: A }\n`,
  },
];
