/**
 * How long pure work goes on in one stretch. What may turn out to be long counts its steps (`step`, one for some 50 ns); who cannot wait for its end runs it
 * `inOneStretch`, and has it done elsewhere, from the start, when that throws `TooLong`. Counted, so that mostly the same work is as long; but since a step may
 * be longer than it should, the thread's time is looked at, too, now and then.
 * Who can wait, but not for ever, runs it `inTime`. Holds: where nobody set a bound there is none.
 */

/** As much as may be done before others get their turn: a millisecond or two. */
export const ONE_STRETCH = 20_000;

export { LOOK as STEPS_TO_LOOK };

/** Work that is not done: it would hold up everything else. */
export class TooLong extends Error {
  constructor() {
    const limit = Error.stackTraceLimit;
    Error.stackTraceLimit = 0;
    super("too long for one stretch");
    Error.stackTraceLimit = limit;
  }
}

/** Milliseconds of the thread's own time that a stretch takes at most. */
const LONGEST_MS = 3;
/** Steps between two looks at how long it is. */
const LOOK = 1500;
/** Steps between two looks at the clock where only a deadline is set. */
const FAR_LOOK = 100_000;

let isBounded = false;
let left = 0;
/** Looked at when no more than this is left. */
let nextLook = 0;
let deadline: number | undefined;
/** By when the thread has worked too long: set with the first look, as most stretches end before. */
let worksUntil: number | undefined;

/** Counts what is done next. */
export function step(steps = 1): void {
  if (!isBounded) return;
  left -= steps;
  if (left < nextLook) look();
}

function look(): void {
  if (deadline !== undefined) {
    if (performance.now() >= deadline) throw new TooLong();
    left = FAR_LOOK;
    return;
  }
  if (left < 0 || !goesOn()) throw new TooLong();
  nextLook = Math.max(0, left - LOOK);
}

/** Whether the stretch may go on, for those who count by themselves and look after each `LOOK` steps. */
export function goesOn(): boolean {
  if (!isBounded || deadline !== undefined) return true;
  const now = workedMs();
  worksUntil ??= now + LONGEST_MS;
  return now < worksUntil;
}

/** Milliseconds of CPU that this thread has used. */
export function workedMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
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
  nextLook = deadline === undefined ? Math.max(0, steps - LOOK) : 0;
  worksUntil = undefined;
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
    return inOneStretch(run, FAR_LOOK);
  } finally {
    deadline = undefined;
  }
}
