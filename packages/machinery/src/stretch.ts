/**
 * How long pure work goes on in one stretch. What may turn out to be long counts its steps (`step`, one for some 50 ns); who cannot wait for its end runs it
 * `inOneStretch`, and has it done elsewhere, from the start, when that throws `TooLong`. Counted and not timed: the same work is always as long.
 * Who can wait, but not for ever, runs it `inTime`. Holds: where nobody set a bound there is none.
 */

/** As much as may be done before others get their turn: a millisecond or two. */
export const ONE_STRETCH = 20_000;

/** Work that is not done: it would hold up everything else. */
export class TooLong extends Error {
  constructor() {
    const limit = Error.stackTraceLimit;
    Error.stackTraceLimit = 0;
    super("too long for one stretch");
    Error.stackTraceLimit = limit;
  }
}

/** Steps between two looks at the clock. */
const LOOK = 100_000;

let isBounded = false;
let left = 0;
let deadline: number | undefined;

/** Counts what is done next. */
export function step(steps = 1): void {
  if (!isBounded) return;
  left -= steps;
  if (left < 0) usedUp();
}

function usedUp(): void {
  if (deadline === undefined || performance.now() >= deadline) throw new TooLong();
  left = LOOK;
}

/** Counts what has been done already: what comes next may find the stretch used up. */
export function stepped(steps: number): void {
  left -= steps;
}

/** What may still be done, for those who count by themselves. */
export const stepsLeft = (): number => (isBounded && deadline === undefined ? left : Number.POSITIVE_INFINITY);

/** Runs it within the bound; inside of another stretch, within what that one has left. */
export function inOneStretch<T>(run: () => T, steps = ONE_STRETCH): T {
  if (isBounded) return run();
  isBounded = true;
  left = steps;
  try {
    return run();
  } finally {
    isBounded = false;
  }
}

/** Runs it as long as it takes, but no longer than this: then it throws `TooLong`, too. */
export function inTime<T>(ms: number, run: () => T): T {
  deadline = performance.now() + ms;
  try {
    return inOneStretch(run, LOOK);
  } finally {
    deadline = undefined;
  }
}
