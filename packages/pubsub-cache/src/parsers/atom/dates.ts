/** The date or time of a text, in numbers. */
interface Parts {
  readonly year: number;
  /** From 1. */
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  readonly milliseconds: number;
  readonly offsetMinutes: number;
}

// RFC 3339 §5.6 and what W3C-DTF leaves out of it; a blank for the T is in wide use.
const ISO =
  /^(\d{4})(?:-(\d\d)(?:-(\d\d)(?:[Tt ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d+))?)?(?: ?([Zz])| ?([+-]\d\d:?\d\d))?)?)?)?$/;
// RFC 822 §5.1 and 5322 §3.3, with or without the day of the week; RFC 850 has the whole of it, hyphens and two digits of year.
const MAIL =
  /^(?:[A-Za-z]{3,9},?\s+)?(\d{1,2})[\s-]+([A-Za-z]{3,9})[\s-]+(\d{2}|\d{4})\s+(\d{1,2}):(\d\d)(?::(\d\d))?(?:\s*([A-Za-z]{1,5}|[+-]\d{4}|[+-]\d\d:\d\d))?$/;
// asctime of C: Sun Nov  6 08:49:37 1994.
const ASCTIME = /^[A-Za-z]{3}\s+([A-Za-z]{3})\s+(\d{1,2})\s+(\d{1,2}):(\d\d):(\d\d)\s+(\d{4})$/;

const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
/** Hours from UTC (RFC 822 §5.1, RFC 5322 §4.3). Other letters are taken for UTC, as there. */
const ZONES: Readonly<Record<string, number>> = {
  est: -5,
  edt: -4,
  cst: -6,
  cdt: -5,
  mst: -7,
  mdt: -6,
  pst: -8,
  pdt: -7,
};

const monthOf = (name: string | undefined) => MONTHS.indexOf((name ?? "").slice(0, 3).toLowerCase()) + 1;

/** An offset such as `+02:00` or the name of a zone, in minutes. */
function offsetOf(text: string | undefined): number {
  if (text === undefined) return 0;
  const digits = /^([+-])(\d\d):?(\d\d)$/.exec(text);
  if (!digits) return (ZONES[text.toLowerCase()] ?? 0) * 60;
  const [, sign, hours, minutes] = digits;
  if (Number(hours) > 23 || Number(minutes) > 59) return Number.NaN;
  return (sign === "-" ? -1 : 1) * (Number(hours) * 60 + Number(minutes));
}

/** Two digits of a year, as RFC 5322 §4.3 takes them. */
const fullYear = (text: string | undefined = "") =>
  text.length === 4 ? Number(text) : Number(text) + (Number(text) < 50 ? 2000 : 1900);

function partsOf(text: string): Parts | undefined {
  const iso = ISO.exec(text);
  if (iso) {
    const [, year, month = "1", day = "1", hour = "0", minute = "0", second = "0", fraction = "0", , offset] =
      iso;
    return {
      year: Number(year),
      month: Number(month),
      day: Number(day),
      hour: Number(hour),
      minute: Number(minute),
      second: Number(second),
      milliseconds: Number(fraction.slice(0, 3).padEnd(3, "0")),
      offsetMinutes: offsetOf(offset),
    };
  }
  const mail = MAIL.exec(text);
  const asctime = mail ? undefined : ASCTIME.exec(text);
  if (!mail && !asctime) return undefined;
  const [day, month, year, hour, minute, second = "0", zone] = mail
    ? mail.slice(1)
    : [asctime?.[2], asctime?.[1], asctime?.[6], asctime?.[3], asctime?.[4], asctime?.[5]];
  return {
    year: fullYear(year),
    month: monthOf(month),
    day: Number(day),
    hour: Number(hour),
    minute: Number(minute),
    second: Number(second),
    milliseconds: 0,
    offsetMinutes: offsetOf(zone),
  };
}

/**
 * Reads a date as feeds have them: RFC 3339 (RFC 4287 §3.3), W3C-DTF, RFC 822, RFC 850 and asctime. A time without an offset
 * is taken for UTC, a day without a time for its midnight.
 *
 * @returns ISO 8601 UTC with milliseconds; undefined if it is no date, or none of the calendar
 */
export function readDate(text: string): string | undefined {
  if (text.length > 200) return undefined;
  const parts = partsOf(text.trim());
  if (!parts) return undefined;
  const { year, month, day, hour, minute, second, milliseconds, offsetMinutes } = parts;
  const midnight = new Date(0);
  midnight.setUTCFullYear(year, month - 1, day); // unlike Date.UTC, takes the years 0 to 99 as they are
  const inCalendar = midnight.getUTCMonth() === month - 1 && midnight.getUTCDate() === day;
  const inDay = hour <= 23 && minute <= 59 && second <= 60; // 60: a leap second
  if (!inCalendar || !inDay || Number.isNaN(offsetMinutes)) return undefined;
  const time =
    midnight.getTime() + ((hour * 60 + minute - offsetMinutes) * 60 + second) * 1000 + milliseconds;
  const date = new Date(time);
  if (date.getUTCFullYear() < 0 || date.getUTCFullYear() > 9999) return undefined; // other years sort wrongly as text
  return date.toISOString();
}

/** A date of an entry, and what has to be said of it. */
export interface DateChoice {
  readonly date: string | undefined;
  readonly note?: string;
}

const MAX_QUOTED = 60;

/** Reads the first date that can be read of several texts, the preferred one first; a note tells which could not. */
export function firstDate(field: string, texts: readonly (string | null | undefined)[]): DateChoice {
  let bad: string | undefined;
  for (const text of texts) {
    if (!text?.trim()) continue;
    const date = readDate(text);
    if (date !== undefined) return bad === undefined ? { date } : { date, note: unreadable(field, bad) };
    bad ??= text.trim();
  }
  return bad === undefined ? { date: undefined } : { date: undefined, note: unreadable(field, bad) };
}

const unreadable = (field: string, text: string) => `${field}: "${text.slice(0, MAX_QUOTED)}" is not a date`;
