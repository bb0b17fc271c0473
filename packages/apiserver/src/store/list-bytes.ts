/**
 * The bytes of lists that were asked for lately, in one piece each: many clients that list the same collection between two changes share one copy, also while
 * it is made. Held weakly, so that what nobody is being sent is let go.
 */
export class ListBytes {
  readonly #pieces = new Map<string, WeakRef<Buffer> | Promise<Buffer>>();
  #change = 0;

  /** The piece for a question, made when it is not there or the collection has changed. */
  get(question: string, lastChange: number, make: () => Buffer | Promise<Buffer>): Buffer | Promise<Buffer> {
    if (lastChange !== this.#change) {
      this.#pieces.clear();
      this.#change = lastChange;
    }
    const held = this.#pieces.get(question);
    const piece = held instanceof WeakRef ? held.deref() : held;
    if (piece) return piece;
    const made = make();
    if (this.#pieces.size >= MOST_QUESTIONS) this.#pieces.clear();
    this.#pieces.set(question, made instanceof Promise ? this.#heldUntilMade(question, made) : new WeakRef(made));
    return made;
  }

  #heldUntilMade(question: string, making: Promise<Buffer>): Promise<Buffer> {
    const isOver = (piece?: Buffer) => {
      if (this.#pieces.get(question) !== making) return;
      if (piece) this.#pieces.set(question, new WeakRef(piece));
      else this.#pieces.delete(question);
    };
    making.then(isOver, () => isOver());
    return making;
  }
}

const MOST_QUESTIONS = 256;
