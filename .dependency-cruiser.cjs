// Who may import whom. scripts/check-imports.mjs runs this, and shows that every rule catches what it forbids.

/** Tests: beside the code, in a package's test/, or started by a test. */
const TESTS = "(\\.test\\.ts$|\\.fixture\\.ts$|^(packages|apps)/[^/]+/test/)";
const all = "(core|storage|messages|pubsub-cache|reactions)";
/** Any module of these packages. */
const of = (names) => `^packages/${names}/`;
const not = (names) => `^packages/(?!${names}/)[^/]+/`;
const testing = "^packages/testing/";

/** @type {import("dependency-cruiser").IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: "core-knows-nobody",
      comment: "core is XMPP alone: no database, no other package.",
      severity: "error",
      from: { path: of("core"), pathNot: TESTS },
      to: { path: [not("core"), "^(apps|bench|demo)/"], pathNot: testing },
    },
    {
      name: "storage-knows-nobody",
      comment: "storage is the database alone; core is allowed for its types, see the next rule.",
      severity: "error",
      from: { path: of("storage"), pathNot: TESTS },
      to: { path: [not("(core|storage)"), "^(apps|bench|demo)/"], pathNot: testing },
    },
    {
      name: "storage-takes-only-types-from-core",
      severity: "error",
      from: { path: of("storage"), pathNot: TESTS },
      to: { path: of("core"), dependencyTypesNot: ["type-only"] },
    },
    ...["messages", "pubsub-cache", "reactions"].map((name) => ({
      name: `${name}-stands-on-core-and-storage`,
      comment: "The three stand beside each other, so that each can be used without the others.",
      severity: "error",
      from: { path: of(name), pathNot: TESTS },
      to: { path: [not(`(core|storage|${name})`), "^(apps|bench|demo)/"], pathNot: testing },
    })),
    {
      name: "testing-knows-nobody",
      comment: "Every package's tests use it, so it uses none of them.",
      severity: "error",
      from: { path: testing },
      to: { path: [of(all), "^(apps|bench|demo)/"] },
    },
    {
      name: "daemon-imports-packages-only",
      severity: "error",
      from: { path: "^apps/daemon/" },
      to: { path: "^(apps/(?!daemon/)|bench/|demo/)" },
    },
    {
      name: "cli-speaks-through-the-bridge",
      comment: "The command line has core (the bridge's client) and nothing else.",
      severity: "error",
      from: { path: "^apps/cli/", pathNot: TESTS },
      to: { path: [not("core"), "^apps/(?!cli/)", "^(bench|demo)/"], pathNot: testing },
    },
    {
      name: "demo-stands-on-core-and-testing",
      severity: "error",
      from: { path: "^demo/" },
      to: { path: [not("(core|testing)"), "^(apps|bench)/"] },
    },
    {
      name: "only-tests-import-testing",
      severity: "error",
      from: { path: "^(packages/(?!testing/)|apps/)", pathNot: TESTS },
      to: { path: testing },
    },
    {
      name: "no-internals-of-packages",
      comment: "Another package is reached by its name, where its exports decide, never by a path into it.",
      severity: "error",
      from: { path: "^(packages|apps)/([^/]+)/" },
      to: { path: "^(packages|apps)/", pathNot: "^$1/$2/", dependencyTypes: ["local"] },
    },
    {
      name: "no-internals-of-packages-from-outside",
      severity: "error",
      from: { path: "^(bench|demo)/" },
      to: { path: "^(packages|apps)/", dependencyTypes: ["local"] },
    },
    {
      name: "no-cycles",
      comment: "Modules that need each other at run time. Two that only name each other's types do no harm.",
      severity: "error",
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ["type-only"] } },
    },
    {
      name: "no-unresolvable-imports",
      comment:
        "Also what a package's exports do not offer. The bins stand on output that may not be built yet.",
      severity: "error",
      from: { pathNot: "^apps/[^/]+/bin/" },
      to: { couldNotResolve: true },
    },
  ],
  options: {
    tsPreCompilationDeps: true, // imports of types count
    tsConfig: { fileName: "tsconfig.base.json" },
    doNotFollow: { path: ["node_modules", "/dist/", "/dist-test/"] },
    exclude: { path: ["/dist-test/", "^coverage/"] },
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["types", "import", "node", "default"],
    },
  },
};
