export { type FeedItem, type FeedOptions, makeFeed } from "./make-feed.js";
export { type Oddity, oddities } from "./oddity.js";
