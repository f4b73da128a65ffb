import type { Analyser } from "./analyser.js";
import { atomAnalyser } from "./atom.js";
import { attachmentsAnalyser, attachmentsSummaryAnalyser } from "./attachments.js";
import { avatarAnalyser } from "./avatar.js";
import { bookmarksAnalyser } from "./bookmarks.js";
import { calendarEventsAnalyser } from "./calendar-events.js";
import { formAnalyser } from "./form.js";
import { microblogAnalyser } from "./microblog.js";
import { nickAnalyser } from "./nick.js";
import { vcardAnalyser } from "./vcard.js";

/** The analysers that come with Larder, in their order: names of nodes first, what holds for any node last. */
export const builtInAnalysers: readonly Analyser[] = [
  microblogAnalyser,
  calendarEventsAnalyser,
  bookmarksAnalyser,
  avatarAnalyser,
  nickAnalyser,
  vcardAnalyser,
  attachmentsAnalyser,
  attachmentsSummaryAnalyser,
  formAnalyser,
  atomAnalyser,
];

export {
  atomAnalyser,
  attachmentsAnalyser,
  attachmentsSummaryAnalyser,
  avatarAnalyser,
  bookmarksAnalyser,
  calendarEventsAnalyser,
  formAnalyser,
  microblogAnalyser,
  nickAnalyser,
  vcardAnalyser,
};
