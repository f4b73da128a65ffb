import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { InvalidParamsError } from "@larder/core";
import type { Analyser } from "@larder/pubsub-cache";
import { DEFAULT_WAITING_LIMITS, type WaitingLimits } from "@larder/storage";
import { parse, TomlError } from "smol-toml";
import { z } from "zod";
import { configurationError } from "./config-error.js";

/** The message's own id, and that of its archive or origin. */
const NAMES_OF_A_RETRACTION = 2;

const analyser = z
  .strictObject({
    name: z.string().min(1),
    type: z.string().min(1),
    node: z.string().min(1).optional(),
    namespace: z.string().min(1).optional(),
    toSync: z.boolean().default(false),
    subtype: z.string().min(1).optional(),
    parser: z.string().min(1).optional(),
    parserVersion: z.union([z.string(), z.number()]).default("1"),
    timeoutMs: z.int().min(1).max(600_000).optional(),
    indexes: z.array(z.array(z.union([z.string(), z.int()]))).optional(),
  })
  .refine((given) => given.node !== undefined || given.namespace !== undefined, {
    error: "needs node or namespace",
  });

const configuration = z.strictObject({
  log: z
    .strictObject({ level: z.enum(["debug", "info", "warn", "error", "silent"]).default("info") })
    .default({ level: "info" }),
  events: z
    .strictObject({
      keepDays: z.number().min(0.01).max(3650).default(7),
      keepCount: z.int().min(1000).default(1_000_000),
    })
    .prefault({}),
  history: z
    .strictObject({
      /** How far back a first reading of an archive goes. */
      days: z.number().min(0).max(36_500).default(90),
    })
    .prefault({}),
  limits: z
    .strictObject({
      connections: z.int().min(1).max(10_000).default(200),
      lineBytes: z
        .int()
        .min(1024)
        .max(1024 ** 3)
        .default(16 * 1024 ** 2),
      stanzaBytes: z
        .int()
        .min(10_000)
        .max(1024 ** 3)
        .default(10 * 1024 ** 2),
      stanzaElements: z.int().min(1000).default(150_000),
      stanzaAttributes: z.int().min(1000).default(400_000),
      stanzaNamespaces: z.int().min(1000).default(20_000),
      unfinishedStanzas: z.int().min(10).max(100_000).default(500),
      unfinishedBytes: z
        .int()
        .min(1024 ** 2)
        .default(8 * 1024 ** 2),
      waitingReactions: z.int().min(10).max(100_000).default(DEFAULT_WAITING_LIMITS.reactions),
      waitingConfirmations: z.int().min(10).max(100_000).default(DEFAULT_WAITING_LIMITS.confirmations),
      waitingRetractions: z
        .int()
        .min(10)
        .max(100_000)
        .default(DEFAULT_WAITING_LIMITS.removals / NAMES_OF_A_RETRACTION),
      waitingDays: z.number().min(1).max(36_500).default(DEFAULT_WAITING_LIMITS.days),
    })
    .prefault({}),
  cache: z
    .strictObject({
      maxItems: z.int().min(1).optional(),
      maxBytes: z
        .int()
        .min(1_000_000)
        .default(1024 ** 3),
      maxAgeDays: z.number().min(0.01).max(36_500).optional(),
      requestsPerHost: z.int().min(1).max(64).default(4),
      jobsPerAccount: z.int().min(1).max(64).default(3),
      readWholeBytes: z
        .int()
        .min(0)
        .max(1024 ** 3)
        .default(1_000_000),
      overwriteBytesPerDay: z.int().min(0).default(50_000_000),
      listingMinutes: z.number().min(0.1).max(10_080).default(10),
      listingSoonSeconds: z.number().min(1).max(86_400).default(10),
      fullCheckHours: z.number().min(0.1).max(8760).default(24),
    })
    .prefault({}),
  analysers: z.array(analyser).default([]),
});

/** larder.toml, checked, with its defaults. */
export type Configuration = z.output<typeof configuration>;

/**
 * Reads the configuration file; without one everything stands at its default.
 *
 * @throws {InvalidParamsError} naming the file, the field and what is wrong with it
 */
export async function readConfiguration(path: string): Promise<Configuration> {
  let text = "";
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) {
      throw new InvalidParamsError(path, `${path} cannot be read`, { cause: error });
    }
  }
  let value: unknown;
  try {
    value = parse(text);
  } catch (error) {
    const where = error instanceof TomlError ? ` (line ${error.line})` : "";
    throw new InvalidParamsError(
      path,
      `${path} is not valid TOML${where}: ${error instanceof Error ? error.message.split("\n")[0] : error}`,
    );
  }
  const checked = configuration.safeParse(value);
  if (!checked.success) throw configurationError(path, configuration, checked.error);
  return checked.data;
}

/** What of a node is kept, and how much is done at a time, as the configuration says. */
export function cacheSettings({ cache }: Configuration) {
  return {
    policy: {
      maxItems: cache.maxItems,
      maxBytes: cache.maxBytes,
      maxAgeMs: cache.maxAgeDays === undefined ? undefined : cache.maxAgeDays * 86_400_000,
    },
    effort: {
      requestsPerHost: cache.requestsPerHost,
      jobsPerAccount: cache.jobsPerAccount,
      readWholeBytes: cache.readWholeBytes,
      overwriteBytesPerDay: cache.overwriteBytesPerDay,
    },
    timing: {
      fullCheckMs: cache.fullCheckHours * 3_600_000,
      listingMs: cache.listingMinutes * 60_000,
      listingSoonMs: cache.listingSoonSeconds * 1000,
    },
  };
}

/** Limits of what the sessions of all accounts accept, from the configuration. */
export function sessionLimits({ limits }: Configuration) {
  const { stanzaBytes, stanzaElements, stanzaAttributes, stanzaNamespaces } = limits;
  const { unfinishedStanzas, unfinishedBytes } = limits;
  return {
    stanzaBytes,
    stanzaElements,
    stanzaAttributes,
    stanzaNamespaces,
    unfinishedStanzas,
    unfinishedBytes,
  };
}

/** Limits of what waits for messages that are not here, from the configuration. */
export const waitingLimits = ({ limits }: Configuration): WaitingLimits => ({
  reactions: limits.waitingReactions,
  confirmations: limits.waitingConfirmations,
  removals: limits.waitingRetractions * NAMES_OF_A_RETRACTION,
  days: limits.waitingDays,
});

/** The user's own analysers, which are asked before the built-in ones. Paths stand beside the configuration file. */
export function configuredAnalysers(config: Configuration, configDirectory: string): Analyser[] {
  return config.analysers.map((given) => ({
    name: given.name,
    type: given.type,
    node: given.node,
    namespace: given.namespace,
    toSync: given.toSync,
    parser: given.parser && pathToFileURL(resolve(configDirectory, given.parser)),
    parserVersion: String(given.parserVersion),
    timeoutMs: given.timeoutMs,
    subtype: given.subtype,
    indexes: given.indexes,
  }));
}
