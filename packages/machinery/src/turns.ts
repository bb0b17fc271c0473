/**
 * Long work that only this thread can do: it is done in pieces of a few milliseconds, and all of it takes one road, so that in each turn of the event loop
 * there is one piece, whoever it is for. Walks over large values stop where a piece is over and go on there in their next turn (`each` within `inTurns`).
 * What must not wait behind all that has a road of its own.
 * Holds: outside of `inTurns`, `each` is a plain loop.
 */
const PIECE_MS = 3;
/** Steps between two looks at the clock, where they are small. */
const LOOK = 16;

export class Road {
  readonly #waiting: (() => void)[] = [];

  /** Resolves in a later turn of the loop, in which nobody else on this road has theirs; in the order of asking. */
  turn(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      if (this.#waiting.length === 1) setImmediate(this.#next);
    });
  }

  readonly #next = (): void => {
    this.#waiting.shift()?.();
    if (this.#waiting.length > 0) setImmediate(this.#next);
  };
}

const common = new Road();

/** A turn on the road that all long work takes which has none of its own. */
export const myTurn = (): Promise<void> => common.turn();

/** Begins a piece: tells, when asked after each step, whether it is over. */
export function piece({ ms = PIECE_MS, look = 1 } = {}): () => boolean {
  const until = performance.now() + ms;
  let steps = look;
  return () => {
    if (--steps > 0) return false;
    if (performance.now() >= until) return true;
    steps = look;
    return false;
  };
}

type Rest = (() => void)[];
let now: { readonly rest: Rest; readonly isOver: () => boolean } | undefined;

/** Whether somebody takes turns: then walks should leave what is long to `each`. */
export const takesTurns = (): boolean => now !== undefined;

/**
 * Does it for each index; what is left when the piece is over comes in a later turn. So the rest of a walk must not hang on what `work` has done: containers
 * are made first and filled later.
 */
export function each(count: number, work: (index: number) => void, from = 0): void {
  for (let i = from; i < count; i++) {
    if (now?.isOver()) {
      now.rest.push(() => each(count, work, i));
      return;
    }
    work(i);
  }
}

/** Runs a walk; resolves when all of it is done, and rejects when a part of it throws. */
export async function inTurns<T>(walk: () => T): Promise<T> {
  const rest: Rest = [];
  const result = onePiece(rest, walk);
  while (rest.length > 0) {
    await myTurn();
    onePiece(rest, () => {
      const { isOver } = now as NonNullable<typeof now>;
      do rest.pop()?.();
      while (rest.length > 0 && !isOver());
    });
  }
  return result;
}

function onePiece<T>(rest: Rest, run: () => T): T {
  now = { rest, isOver: piece({ look: LOOK }) };
  try {
    return run();
  } finally {
    now = undefined;
  }
}
