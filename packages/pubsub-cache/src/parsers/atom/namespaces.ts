// The constants of core are not used here: loading core would make each worker start 0.4 s later.
export const NS_ATOM = "http://www.w3.org/2005/Atom";
export const NS_THREAD = "http://purl.org/syndication/thread/1.0"; // RFC 4685
export const NS_XHTML = "http://www.w3.org/1999/xhtml";
