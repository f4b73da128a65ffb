import { UsageError } from "./exit-codes.js";

const units = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const;

/**
 * An instant of the past as a person writes it: a date, a date with time, or how long ago (`30d`, `12h`, `2w`).
 *
 * @returns ISO 8601
 * @throws {UsageError} it is none of them
 */
export function readTime(text: string, option: string, now = Date.now()): string {
  const ago = /^(\d{1,6})\s*(m|h|d|w)(?:in(?:utes?)?|ours?|ays?|eeks?)?(?:\s+ago)?$/i.exec(text.trim());
  const unit = ago?.[2]?.toLowerCase() as keyof typeof units | undefined;
  const time = unit
    ? now - Number(ago?.[1]) * units[unit]
    : /^\d{4}-/.test(text)
      ? Date.parse(text)
      : Number.NaN;
  if (Number.isNaN(time))
    throw new UsageError(`${option}: "${text}" is no time; write 2026-01-31, 2026-01-31T12:00Z or 30d`);
  return new Date(time).toISOString();
}
