/** Lets things begin as they come, as many as fit into a part of a turn of the loop; those that come then begin in the next turns, in their order. */
export class Pace {
  readonly #ms: number;
  #isOpen = false;
  #until = 0;
  #waiting = 0;

  constructor(ms: number) {
    this.#ms = ms;
  }

  /** Undefined where it may begin at once. */
  enter(): Promise<void> | undefined {
    if (!this.#isOpen) this.#openTurn();
    if (this.#waiting === 0 && performance.now() < this.#until) return undefined;
    this.#waiting++;
    return new Promise((resolve) => setImmediate(this.#begin, resolve));
  }

  /** Stands before all that wait, so that each turn begins with it. */
  readonly #openTurn = (): void => {
    this.#isOpen = true;
    this.#until = performance.now() + this.#ms;
    setImmediate(() => {
      this.#isOpen = false;
      if (this.#waiting > 0) this.#openTurn();
    });
  };

  readonly #begin = (resolve: () => void): void => {
    if (performance.now() >= this.#until) setImmediate(this.#begin, resolve);
    else {
      this.#waiting--;
      resolve();
    }
  };
}
