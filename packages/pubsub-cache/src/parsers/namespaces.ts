// The constants of core are not used here: loading core would make each worker start 0.4 s later.
export const NS_ATTACHMENTS = "urn:xmpp:pubsub-attachments:1";
export const NS_ATTACHMENTS_SUMMARY = "urn:xmpp:pubsub-attachments:summary:1";
export const NS_AVATAR_METADATA = "urn:xmpp:avatar:metadata";
export const NS_BOOKMARKS = "urn:xmpp:bookmarks:1";
export const NS_CALENDAR_EVENTS = "urn:xmpp:calendar-events:0";
export const NS_CONFERENCE = "jabber:x:conference";
export const NS_DATA_FORM = "jabber:x:data";
export const NS_GEOLOC = "http://jabber.org/protocol/geoloc";
export const NS_NICK = "http://jabber.org/protocol/nick";
export const NS_URL_DATA = "http://jabber.org/protocol/url-data";
export const NS_VCARD4 = "urn:ietf:params:xml:ns:vcard-4.0";
