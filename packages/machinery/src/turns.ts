/**
 * Long work that only this thread can do: it is done in pieces of a few milliseconds, and all of it takes one road, so that in each turn of the event loop
 * there is one piece, whoever it is for. Walks over large values stop where a piece is over and go on there in their next turn (`each` within `inTurns`).
 * Holds: outside of `inTurns`, `each` is a plain loop.
 */
const PIECE_MS = 3;
/** Steps between two looks at the clock. */
const LOOK = 16;

const waiting: (() => void)[] = [];

/** Resolves in a later turn of the loop, in which no other piece of long work is done; in the order of asking. */
export function myTurn(): Promise<void> {
  return new Promise((resolve) => {
    waiting.push(resolve);
    if (waiting.length === 1) setImmediate(next);
  });
}

function next(): void {
  waiting.shift()?.();
  if (waiting.length > 0) setImmediate(next);
}

/** Begins a piece: tells, when asked after each small step, whether it is over. */
export function piece(): () => boolean {
  const until = performance.now() + PIECE_MS;
  let steps = LOOK;
  return () => {
    if (--steps > 0) return false;
    if (performance.now() >= until) return true;
    steps = LOOK;
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
  now = { rest, isOver: piece() };
  try {
    return run();
  } finally {
    now = undefined;
  }
}
