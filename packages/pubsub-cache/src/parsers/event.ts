import type { XmlElement } from "@larder/core";
import { readDate } from "./atom/dates.js";
import { htmlToText, sanitizePost } from "./atom/html.js";
import { safeAddress } from "./atom/links.js";
import { objectionTo } from "./atom/markup-limits.js";
import { xhtmlToHtml } from "./atom/xhtml.js";
import { type DataForm, readDataForm } from "./data-form.js";
import { NS_CALENDAR_EVENTS, NS_CONFERENCE, NS_DATA_FORM, NS_GEOLOC, NS_URL_DATA } from "./namespaces.js";
import { type ParserItem, PayloadError } from "./parser.js";
import { oneLine, requirePayload } from "./payload.js";

/** Where an event takes place. */
export type EventLocation = {
  readonly name?: string;
  /** Latitude and longitude in degrees (XEP-0080, WGS 84). */
  readonly geo?: readonly [latitude: number, longitude: number];
};

/** The `parsed` of a calendar event (CONTRACT, "Parsed data"). */
export type CalendarEvent = {
  readonly name: string;
  readonly text?: string;
  /** ISO 8601 UTC; of a whole day its midnight. */
  readonly start: string;
  readonly end: string;
  /** The offset that `start` was given in, where it was not UTC: `+02:00`. */
  readonly timezone?: string;
  /** `start` and `end` are days, both included, and no instants. */
  readonly allDay?: true;
  readonly location?: EventLocation;
  readonly categories: readonly string[];
  /** The form that invitees are asked to answer (XEP-0471 §5.5). */
  readonly rsvp?: DataForm;
  readonly url?: string;
};

const DAY = /^\d{4}-\d\d-\d\d$/;

/** A date and time (XEP-0082), or a day, which XEP-0471 does not mention and calendars need. */
function readInstant(event: XmlElement, name: string): { text: string; time: string; isDay: boolean } {
  const text = event.getChildText(name, NS_CALENDAR_EVENTS)?.trim();
  if (!text) throw new PayloadError(name, "the event has none");
  const isDay = DAY.test(text);
  return { text, isDay, time: readDate(name, isDay ? `${text}T00:00:00Z` : text) };
}

/** The plain version, else what the other says without its mark-up (XEP-0471 §5.2). */
function readDescription(event: XmlElement): string | undefined {
  const versions = event.getChildren("description", NS_CALENDAR_EVENTS);
  const plain = versions.find(({ attrs }) => (attrs.type ?? "text") === "text")?.getText();
  if (plain?.trim()) return plain.replaceAll("\r\n", "\n").trim();
  const xhtml = versions.find(({ attrs }) => attrs.type === "xhtml");
  const html = xhtml ? xhtmlToHtml(xhtml) : "";
  const objection = objectionTo(html);
  if (objection !== undefined) throw new PayloadError("description", objection);
  return htmlToText(sanitizePost(html)) || undefined;
}

function coordinate(geoloc: XmlElement, name: string, most: number): number | undefined {
  const text = geoloc.getChildText(name, NS_GEOLOC)?.trim();
  const number = text ? Number(text) : Number.NaN;
  return Math.abs(number) <= most ? number : undefined;
}

/** What people call a place: its own name first, then where that is (XEP-0080 §3). */
const PLACE = ["building", "street", "locality", "area", "region", "country"];

function placeName(geoloc: XmlElement): string | undefined {
  const own = oneLine(geoloc.getChildText("description", NS_GEOLOC));
  const parts = PLACE.flatMap((name) => oneLine(geoloc.getChildText(name, NS_GEOLOC)) ?? []);
  const where = parts.length > 0 ? parts.join(", ") : oneLine(geoloc.getChildText("text", NS_GEOLOC));
  return [own, where].filter((part) => part !== undefined).join(", ") || undefined;
}

/** The main place, else the first (XEP-0471 §5.4). */
function readLocation(event: XmlElement): EventLocation | undefined {
  const places = event.getChildren("location", NS_CALENDAR_EVENTS);
  const place = places.find(({ attrs }) => attrs.id === "main") ?? places[0];
  const geoloc = place?.getChild("geoloc", NS_GEOLOC);
  const online = place?.getChild("online", NS_CALENDAR_EVENTS);
  const name =
    (geoloc && placeName(geoloc)) ??
    oneLine(online?.getChildText("name", NS_CALENDAR_EVENTS)) ??
    oneLine(online?.getChild("x", NS_CONFERENCE)?.attrs.jid);
  const latitude = geoloc && coordinate(geoloc, "lat", 90);
  const longitude = geoloc && coordinate(geoloc, "lon", 180);
  const geo =
    latitude !== undefined && longitude !== undefined ? ([latitude, longitude] as const) : undefined;
  return name || geo ? { ...(name && { name }), ...(geo && { geo }) } : undefined;
}

function readUrl(event: XmlElement): string | undefined {
  const extra = event.getChild("extra", NS_CALENDAR_EVENTS)?.getChild("x", NS_DATA_FORM);
  const website = extra && readDataForm(extra).fields.website;
  const meeting = event
    .getChildren("location", NS_CALENDAR_EVENTS)
    .flatMap((place) => place.getChildren("online", NS_CALENDAR_EVENTS))
    .flatMap((online) => online.getChild("url-data", NS_URL_DATA)?.attrs.target ?? []);
  return [...(website === undefined ? [] : [website].flat()), ...meeting]
    .map(safeAddress)
    .find((address) => address !== undefined);
}

/**
 * Reads a calendar event (XEP-0471 §4, §5).
 *
 * @throws {PayloadError} it is something else, has no name, or its times are missing or no times
 */
export default function parseEvent({ payload }: ParserItem): CalendarEvent {
  requirePayload(payload, "event", NS_CALENDAR_EVENTS);
  const name = payload
    .getChildren("name", NS_CALENDAR_EVENTS)
    .map((element) => oneLine(element.getText()))
    .find((text) => text !== undefined);
  if (name === undefined) throw new PayloadError("name", "the event has none");
  const start = readInstant(payload, "start");
  const end = readInstant(payload, "end");
  const text = readDescription(payload);
  const timezone = /[+-]\d\d:?\d\d$/.exec(start.isDay ? "" : start.text)?.[0];
  const location = readLocation(payload);
  const terms = payload
    .getChildren("category", NS_CALENDAR_EVENTS)
    .flatMap(({ attrs }) => oneLine(attrs.term) ?? []);
  const rsvp = payload.getChild("rsvp", NS_CALENDAR_EVENTS)?.getChild("x", NS_DATA_FORM);
  const url = readUrl(payload);
  return {
    name,
    ...(text && { text }),
    start: start.time,
    end: end.time,
    ...(timezone && { timezone: timezone.replace(/^(...)(\d\d)$/, "$1:$2") }),
    ...(start.isDay && end.isDay && { allDay: true }),
    ...(location && { location }),
    categories: [...new Set(terms)],
    ...(rsvp && { rsvp: readDataForm(rsvp) }),
    ...(url && { url }),
  };
}
