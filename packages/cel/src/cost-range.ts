/**
 * What something costs at least and at most, or how large it is. Costs are whole numbers that stop at the largest
 * there is: "without end".
 */
export interface CostRange {
  readonly min: number;
  readonly max: number;
}

/** More than anything can cost; the original's largest 64-bit number. */
export const ENDLESS = 2 ** 64;

export const exactly = (cost: number): CostRange => ({ min: cost, max: cost });
export const ONE = exactly(1);
export const FREE = exactly(0);
export const UNKNOWN_SIZE: CostRange = { min: 0, max: ENDLESS };

const capped = (cost: number): number => Math.min(cost, ENDLESS);

export const plus = (a: CostRange, b: CostRange): CostRange => ({
  min: capped(a.min + b.min),
  max: capped(a.max + b.max),
});
export const times = (a: CostRange, b: CostRange): CostRange => ({
  min: capped(a.min * b.min),
  max: capped(a.max * b.max),
});
/** Each bound times a factor, rounded up. */
export const scaled = (a: CostRange, factor: number): CostRange => ({
  min: scaledUp(a.min, factor),
  max: scaledUp(a.max, factor),
});
export const union = (a: CostRange, b: CostRange): CostRange => ({
  min: Math.min(a.min, b.min),
  max: Math.max(a.max, b.max),
});

/** Endless stays endless, whatever the factor. */
const scaledUp = (size: number, factor: number): number =>
  size >= ENDLESS ? ENDLESS : capped(Math.ceil(size * factor));
