import { createHash } from "node:crypto";
import { canonicalItem, type WireItem } from "@larder/core";

/** Time that the notification of a change of ours may take after its answer. */
const EXPECTED_WITHIN_MS = 60_000;
const MAX_EXPECTED = 10_000;

/** Notifications of changes of ours that were told already, when the service had confirmed them. */
export class OwnNews {
  readonly #expected = new Map<string, number>();

  /** The notification of this change is not to be told once more. */
  expect(nodeId: number, what: string): void {
    const key = keyOf(nodeId, what);
    this.#expected.delete(key); // so that it is the youngest
    this.#expected.set(key, Date.now() + EXPECTED_WITHIN_MS);
    const [oldest] = this.#expected.keys();
    if (this.#expected.size > MAX_EXPECTED && oldest !== undefined) this.#expected.delete(oldest);
  }

  /** True if a notification of this change may still come, or come again. */
  expects(nodeId: number, what: string): boolean {
    return (this.#expected.get(keyOf(nodeId, what)) ?? 0) > Date.now();
  }

  /** @returns whether the notification of a change was expected; the next one no longer is */
  arrived(nodeId: number, what: string): boolean {
    const key = keyOf(nodeId, what);
    const until = this.#expected.get(key);
    this.#expected.delete(key);
    return until !== undefined && until > Date.now();
  }
}

const keyOf = (nodeId: number, what: string): string => JSON.stringify([nodeId, what]);

/** Name of the retraction of an item. */
export const retractionOf = (itemId: string): string => `retract ${itemId}`;

/** Name of the publication of one version of an item, however a service writes it. */
export function publicationOf({ id, xml }: Pick<WireItem, "id" | "xml">): string {
  const version = createHash("sha256").update(canonicalItem(xml)).digest("base64");
  return `publish ${version} ${id}`;
}
