import { ConnectionError, type LarderError } from "../errors/errors.js";
import type { XmlElement } from "../xml/element.js";

interface Waiter {
  matches: (element: XmlElement) => boolean;
  resolve: (element: XmlElement) => void;
  reject: (error: LarderError) => void;
}

/** Elements in the order of arrival, for a negotiation that asks for one after the other. */
export class Inbox {
  readonly #account: string;
  readonly #waiting: XmlElement[] = [];
  #waiter: Waiter | undefined;
  #handler: ((element: XmlElement) => void) | undefined;
  /** How many of those waiting came before the one that was expected last. */
  #before = 0;

  constructor(account: string) {
    this.#account = account;
  }

  get empty(): boolean {
    return this.#waiting.length === 0;
  }

  push(element: XmlElement): void {
    const waiter = this.#waiter;
    if (this.#handler) {
      this.#handler(element);
    } else if (waiter?.matches(element)) {
      this.#waiter = undefined;
      this.#before = this.#waiting.length;
      waiter.resolve(element);
    } else {
      this.#waiting.push(element);
    }
  }

  /**
   * The next element that matches; others stay.
   *
   * @throws {ConnectionError} nothing of the kind within `timeoutMs`
   */
  expect(matches: (element: XmlElement) => boolean, timeoutMs: number, what: string): Promise<XmlElement> {
    const index = this.#waiting.findIndex(matches);
    const [found] = index < 0 ? [] : this.#waiting.splice(index, 1);
    if (found) {
      this.#before = index;
      return Promise.resolve(found);
    }
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => this.fail(new ConnectionError(`${this.#account}: no answer to ${what} within ${timeoutMs} ms`)),
        timeoutMs,
      );
      this.#waiter = {
        matches,
        resolve: (element) => {
          clearTimeout(timer);
          resolve(element);
        },
        reject: (error) => {
          clearTimeout(timer);
          reject(error);
        },
      };
    });
  }

  /** Nothing will come any more. */
  fail(error: LarderError): void {
    const waiter = this.#waiter;
    this.#waiter = undefined;
    waiter?.reject(error);
  }

  /** What came before the element that was expected last. */
  takeEarlier(): XmlElement[] {
    return this.#waiting.splice(0, this.#before);
  }

  /** From now on everything goes to `handler` as it arrives, first what waits. */
  deliver(handler: (element: XmlElement) => void): void {
    this.#handler = handler;
    for (const element of this.#waiting.splice(0)) handler(element);
  }
}
