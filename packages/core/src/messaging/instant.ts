/** XEP-0082 §3.2, in the form that XEP-0203 uses. */
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;

/** Reads an instant of the wire; what is none gives undefined. */
export function readInstant(text: string | undefined): Date | undefined {
  if (text === undefined || !INSTANT.test(text)) return undefined;
  const time = Date.parse(text);
  return Number.isNaN(time) ? undefined : new Date(time);
}
