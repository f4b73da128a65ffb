import type { XmlElement } from "@larder/core";
import { readAddress } from "@larder/core/address";
import { firstDate, readDate } from "./atom/dates.js";
import { htmlToText, nodesToText, sanitizePost } from "./atom/html.js";
import { languageOf } from "./atom/language.js";
import { objectionTo } from "./atom/markup-limits.js";
import { xhtmlToHtml } from "./atom/xhtml.js";
import { type DataForm, readDataForm } from "./data-form.js";
import { NS_CALENDAR_EVENTS, NS_CONFERENCE, NS_DATA_FORM, NS_GEOLOC, NS_URL_DATA } from "./namespaces.js";
import { type ParserContext, type ParserItem, PayloadError } from "./parser.js";
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
  /** Names and descriptions in other languages than the first. */
  readonly otherLanguages?: readonly {
    readonly lang?: string;
    readonly name?: string;
    readonly text?: string;
  }[];
  /** Notes on parts that could not be read, and what stands in for them. */
  readonly notes?: readonly string[];
};

const DAY = /^\d{4}-\d\d-\d\d$/;
const MAX_LANGUAGES = 50;

/** A date and time (XEP-0082), or a day, which XEP-0471 does not mention and calendars need. */
interface Instant {
  readonly text: string;
  readonly time: string;
  readonly isDay: boolean;
}

function instantOf(text: string | null): Instant | undefined {
  const trimmed = text?.trim() ?? "";
  const time = readDate(trimmed);
  return time === undefined ? undefined : { text: trimmed, time, isDay: DAY.test(trimmed) };
}

/** Start and end; one stands in for the other, and the time of the item for both. */
function readTimes(event: XmlElement, created: string | undefined) {
  const texts = {
    start: event.getChildText("start", NS_CALENDAR_EVENTS),
    end: event.getChildText("end", NS_CALENDAR_EVENTS),
  };
  const read = { start: instantOf(texts.start), end: instantOf(texts.end) };
  const known =
    read.start ?? read.end ?? (created === undefined ? undefined : { text: "", time: created, isDay: false });
  if (!known) throw new PayloadError("start", "the event has no time that can be read");
  const notes = (["start", "end"] as const).flatMap((name) => {
    if (read[name]) return [];
    const standIn = read.start || read.end ? (name === "start" ? "end" : "start") : "the time of the item";
    return [
      firstDate(name, [texts[name]]).note ?? `${name}: the event has none`,
      `${name}: ${standIn} stands in for it`,
    ];
  });
  return { start: read.start ?? known, end: read.end ?? known, notes };
}

/** True if two versions may be in one language: one of two often does not state it. */
function isSameLanguage(one: XmlElement, other: XmlElement | undefined): boolean {
  const languages = [languageOf(one), languageOf(other)].filter((lang) => lang !== undefined);
  return languages[0] === undefined || languages[1] === undefined || languages[0] === languages[1];
}

/** The plain version, else what the other says without its mark-up (XEP-0471 §5.2). */
function readDescription(event: XmlElement): string | undefined {
  const all = event.getChildren("description", NS_CALENDAR_EVENTS);
  const versions = all.filter((element) => isSameLanguage(element, all[0]));
  const plain = versions.find(({ attrs }) => (attrs.type ?? "text") === "text")?.getText();
  if (plain?.trim()) return plain.replaceAll("\r\n", "\n").trim();
  const xhtml = versions.find(({ attrs }) => attrs.type === "xhtml");
  const html = xhtml ? xhtmlToHtml(xhtml) : "";
  if (objectionTo(html) !== undefined) return undefined;
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
    .map((address) => readAddress(address))
    .find((address) => address !== undefined);
}

/** Texts of the event in other languages than those of its first name and description. */
function readOtherLanguages(event: XmlElement) {
  const byLanguage = new Map<string | undefined, { lang?: string; name?: string; text?: string }>();
  for (const [element, field] of [
    ["name", "name"],
    ["description", "text"],
  ] as const) {
    const [first, ...others] = event.getChildren(element, NS_CALENDAR_EVENTS).slice(0, MAX_LANGUAGES);
    for (const other of others) {
      if (isSameLanguage(other, first)) continue;
      const lang = languageOf(other);
      const text = field === "name" ? oneLine(other.getText()) : oneLine(nodesToText(other.children));
      if (text === undefined) continue;
      const known = byLanguage.get(lang) ?? (lang === undefined ? {} : { lang });
      known[field] ??= text;
      byLanguage.set(lang, known);
    }
  }
  return [...byLanguage.values()];
}

/**
 * Reads a calendar event (XEP-0471 §4, §5).
 *
 * @throws {PayloadError} it is something else, has no name, or no time can be read and nobody knows when the item was made
 */
export default function parseEvent({ payload }: ParserItem, context?: ParserContext): CalendarEvent {
  requirePayload(payload, "event", NS_CALENDAR_EVENTS);
  const name = payload
    .getChildren("name", NS_CALENDAR_EVENTS)
    .map((element) => oneLine(element.getText()))
    .find((text) => text !== undefined);
  if (name === undefined) throw new PayloadError("name", "the event has none");
  const { start, end, notes } = readTimes(payload, context?.created);
  const otherLanguages = readOtherLanguages(payload);
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
    ...(otherLanguages.length > 0 && { otherLanguages }),
    ...(notes.length > 0 && { notes }),
  };
}
