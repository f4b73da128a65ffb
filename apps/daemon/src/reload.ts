import type { Configuration } from "./config.js";

/** Settings that hold from the moment they are read; all others hold from the next start. */
const RELOADABLE: ReadonlySet<string> = new Set(["log.level", "events.keepDays", "events.keepCount"]);

/** Settings that differ between two configurations, by their paths such as `log.level`. */
export interface ConfigurationChanges {
  /** They hold now. */
  readonly reloaded: readonly string[];
  /** They hold from the next start. */
  readonly needRestart: readonly string[];
}

function settingsOf(configuration: Configuration): Map<string, string> {
  return new Map(
    Object.entries(configuration).flatMap(([section, values]) =>
      Array.isArray(values)
        ? [[section, JSON.stringify(values)] as const]
        : Object.entries(values).map(
            ([name, value]) => [`${section}.${name}`, JSON.stringify(value)] as const,
          ),
    ),
  );
}

/** Compares two configurations. */
export function configurationChanges(before: Configuration, after: Configuration): ConfigurationChanges {
  const [old, now] = [settingsOf(before), settingsOf(after)];
  const changed = [...new Set([...old.keys(), ...now.keys()])].filter(
    (path) => old.get(path) !== now.get(path),
  );
  return {
    reloaded: changed.filter((path) => RELOADABLE.has(path)),
    needRestart: changed.filter((path) => !RELOADABLE.has(path)),
  };
}
