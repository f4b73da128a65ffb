/** Answers a request, or passes it on to whoever stood there before. */
export type HookHandler<Request, Answer> = (
  request: Request,
  next: (request: Request) => Promise<Answer>,
) => Promise<Answer>;

/**
 * A place where packages can step in front of an operation. Whoever asks does not know who answered.
 * The handler added last is asked first.
 */
export class HookPoint<Request, Answer> {
  readonly #handlers: HookHandler<Request, Answer>[] = [];
  readonly #last: (request: Request) => Promise<Answer>;

  /** @param last the operation itself, asked when nobody in front has answered */
  constructor(last: (request: Request) => Promise<Answer>) {
    this.#last = last;
  }

  /** Steps in front; returns how to step out again. */
  use(handler: HookHandler<Request, Answer>): () => void {
    this.#handlers.push(handler);
    return () => {
      const at = this.#handlers.lastIndexOf(handler);
      if (at >= 0) this.#handlers.splice(at, 1);
    };
  }

  run(request: Request): Promise<Answer> {
    const ask = (index: number, asked: Request): Promise<Answer> => {
      const handler = this.#handlers[index];
      return handler ? handler(asked, (next) => ask(index - 1, next)) : this.#last(asked);
    };
    return ask(this.#handlers.length - 1, request);
  }
}
