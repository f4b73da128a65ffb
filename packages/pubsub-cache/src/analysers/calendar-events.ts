import { NS_CALENDAR_EVENTS } from "../parsers/namespaces.js";
import type { Analyser } from "./analyser.js";

/** Calendars (XEP-0471 §5: a personal agenda has that very name, others go on with a slash). */
export const calendarEventsAnalyser: Analyser = {
  name: "calendar-events",
  type: "event",
  node: NS_CALENDAR_EVENTS,
  namespace: NS_CALENDAR_EVENTS,
  toSync: true,
  notify: true,
  parser: new URL("../parsers/event.js", import.meta.url),
  parserVersion: "2",
  indexes: [["start"]],
};
