/**
 * The bytes of lists that were asked for lately, in one piece each: many clients that list the same collection between two changes share one copy. Held
 * weakly, so that what nobody is being sent is let go.
 */
export class ListBytes {
  readonly #pieces = new Map<string, WeakRef<Buffer>>();
  #change = 0;

  /** The piece for a question, made when it is not there or the collection has changed. */
  get(question: string, lastChange: number, make: () => Buffer): Buffer {
    if (lastChange !== this.#change) {
      this.#pieces.clear();
      this.#change = lastChange;
    }
    const held = this.#pieces.get(question)?.deref();
    if (held) return held;
    const made = make();
    if (this.#pieces.size >= MOST_QUESTIONS) this.#pieces.clear();
    this.#pieces.set(question, new WeakRef(made));
    return made;
  }
}

const MOST_QUESTIONS = 256;
