import { PayloadError } from "../parser.js";

// RFC 3339 §5.6; a blank for the T is in wide use. No offset: see below.
const DATE = /^(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:[.,](\d+))?(?:([Zz])|([+-])(\d\d):?(\d\d))?$/;

/**
 * A date construct (RFC 4287 §3.3) as ISO 8601 UTC with milliseconds. One without an offset, which the RFC does
 * not allow and feeds do have, is taken for UTC.
 *
 * @param field names the element in the error
 * @throws {PayloadError} it is no date, or none of the calendar
 */
export function readDate(field: string, text: string): string {
  const trimmed = text.trim();
  const match = DATE.exec(trimmed);
  const fail = () => new PayloadError(field, `"${trimmed.slice(0, 60)}" is not a date`);
  if (!match) throw fail();
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1, 7).map(Number);
  const [, , , , , , , fraction = "0", , sign, offsetHours = "0", offsetMinutes = "0"] = match;
  const midnight = new Date(0);
  midnight.setUTCFullYear(year, month - 1, day); // unlike Date.UTC, takes the years 0 to 99 as they are
  const inCalendar = midnight.getUTCMonth() === month - 1 && midnight.getUTCDate() === day;
  const inDay = hour <= 23 && minute <= 59 && second <= 60; // 60: a leap second
  const inOffset = Number(offsetHours) <= 23 && Number(offsetMinutes) <= 59;
  if (!inCalendar || !inDay || !inOffset) throw fail();
  const milliseconds = Number(fraction.slice(0, 3).padEnd(3, "0"));
  const offset = (sign === "-" ? -1 : 1) * (Number(offsetHours) * 60 + Number(offsetMinutes));
  const time = midnight.getTime() + ((hour * 60 + minute - offset) * 60 + second) * 1000 + milliseconds;
  const date = new Date(time);
  if (date.getUTCFullYear() < 0 || date.getUTCFullYear() > 9999) throw fail(); // other years sort wrongly as text
  return date.toISOString();
}
