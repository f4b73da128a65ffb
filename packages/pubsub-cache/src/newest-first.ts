import type { ItemsAnswer, RsmAnswer } from "@larder/core";

const INSTANT = /^\d{4}-\d\d-\d\dT[\d:.]+Z$/;

/**
 * Whether a service pages by the times of creation, as ejabberd does: an item that is overwritten then keeps its
 * place, and nothing but reading it again shows that it was.
 */
export const pagesByCreation = ({ first = "", last = "" }: RsmAnswer): boolean =>
  INSTANT.test(first) && INSTANT.test(last);

/**
 * The answer with its items and its ids oldest first. ejabberd with SQL gives the newest items and the last page
 * newest first, which XEP-0059 §2.5 forbids; its RSM ids are times, so the page itself tells.
 */
export function oldestFirst(answer: ItemsAnswer): ItemsAnswer {
  const { items, rsm } = answer;
  if (!rsm || !pagesByCreation(rsm) || (rsm.first ?? "") <= (rsm.last ?? "")) return answer;
  return { items: items.toReversed(), rsm: { ...rsm, first: rsm.last, last: rsm.first } };
}
