/**
 * Time zones by name, from the data that Node carries: how far a zone's clocks are from UTC at a given moment.
 */
import { step } from "./stretch.ts";

export interface Zone {
  readonly name: string;
  /** Milliseconds that the wall clock is ahead of UTC at this instant. */
  offset(at: number): number;
}

const utc: Zone = { name: "UTC", offset: () => 0 };
const known = new Map<string, Zone>();
/** There are some six hundred, and each may be written in small or large letters. */
const MOST_NAMES = 1000;
const STEPS_TO_LOOK_UP = 2000;

/** No zone changes its clocks within one of these. */
const STEP = 15 * 60_000;

/** The zone of this name, or undefined if there is none. */
export function timeZone(name: string): Zone | undefined {
  if (name === "UTC" || name === "") return utc;
  const found = known.get(name);
  if (found) return found;
  step(STEPS_TO_LOOK_UP);
  // "+01:00" is understood by Intl, but is no name of a zone.
  if (!/^[A-Za-z]/.test(name)) return undefined;
  try {
    const zone = makeZone(name);
    if (known.size >= MOST_NAMES) known.clear();
    known.set(name, zone);
    return zone;
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function makeZone(name: string): Zone {
  const format = new Intl.DateTimeFormat("en-US", {
    timeZone: name,
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  });
  let lastStep = Number.NaN;
  let lastOffset = 0;
  return {
    name,
    offset(at) {
      const step = Math.floor(at / STEP);
      if (step !== lastStep) {
        lastOffset = offsetAt(format, step * STEP);
        lastStep = step;
      }
      return lastOffset;
    },
  };
}

function offsetAt(format: Intl.DateTimeFormat, at: number): number {
  const part: Record<string, number> = {};
  for (const { type, value } of format.formatToParts(at)) part[type] = Number(value);
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = part;
  return Date.UTC(year, month - 1, day, hour, minute, second) - at;
}
