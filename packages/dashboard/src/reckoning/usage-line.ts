/** Readings of one amount as a line to draw: over time from left to right, from nothing at the bottom. Pure. */
export interface Reading {
  readonly at: number;
  readonly amount: number;
}

export interface UsageLine {
  /** As the path of an SVG has it. */
  readonly path: string;
  /** How high each bound lies; undefined for those that are absent or far above all that was read. */
  readonly bounds: readonly (number | undefined)[];
}

interface Size {
  readonly width: number;
  readonly height: number;
}

/** A bound that is so many times the most that was read would press the line to the ground. */
const FAR = 3;
/** Room above the highest. */
const ROOM = 1.1;

export function usageLine(
  readings: readonly Reading[],
  bounds: readonly (number | undefined)[],
  { width, height }: Size,
): UsageLine {
  const most = Math.max(0, ...readings.map(({ amount }) => amount));
  const isNear = (bound: number | undefined): bound is number =>
    bound !== undefined && bound > 0 && bound <= FAR * most;
  const top = Math.max(most, ...bounds.filter(isNear)) * ROOM || 1;
  const from = readings[0]?.at ?? 0;
  const span = (readings.at(-1)?.at ?? 0) - from || 1;
  const round = (amount: number) => Math.round(amount * 10) / 10;
  const y = (amount: number) => round(height * (1 - amount / top));
  const points = readings.map(({ at, amount }) => `${round(((at - from) / span) * width)} ${y(amount)}`);
  return {
    // A line without length is a dot.
    path: points.length === 1 ? `M${points[0]}h0` : points.length > 0 ? `M${points.join("L")}` : "",
    bounds: bounds.map((bound) => (isNear(bound) ? y(bound) : undefined)),
  };
}
