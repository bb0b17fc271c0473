/**
 * How the seats of the server are shared between priority levels: nominally by their shares, and, from time to time, by what each has lately
 * needed: a level lends what it does not use and borrows what others lend. Pure.
 */
export interface Shares {
  readonly nominalConcurrencyShares: number;
  readonly lendablePercent: number;
  /** Undefined: as much as there is. */
  readonly borrowingLimitPercent: number | undefined;
}

export interface SeatLimits {
  readonly nominal: number;
  readonly min: number;
  readonly max: number;
}

/** Of a priority level, over the last while: the most seats wanted at once, the mean and how it varied; and what it usually wants. */
export interface Demand {
  readonly highest: number;
  readonly smooth: number;
  readonly mean: number;
  readonly deviation: number;
}

export function seatLimits(shares: readonly Shares[], serverSeats: number): SeatLimits[] {
  const sum = shares.reduce((total, level) => total + level.nominalConcurrencyShares, 0);
  return shares.map(({ nominalConcurrencyShares, lendablePercent, borrowingLimitPercent }) => {
    const nominal = sum === 0 ? 0 : Math.ceil((serverSeats * nominalConcurrencyShares) / sum);
    const lendable = Math.round((nominal * lendablePercent) / 100);
    const borrowable =
      borrowingLimitPercent === undefined ? serverSeats : Math.round((nominal * borrowingLimitPercent) / 100);
    return { nominal, min: nominal - lendable, max: nominal + borrowable };
  });
}

interface CurrentLimits {
  readonly seats: readonly number[];
  /** Of what is wanted, what a level gets that neither keeps more by its lower bound nor stands at its upper one. */
  readonly fraction: number;
}

/**
 * The limits for the next while. Each level is sure of what it lately needed, up to its nominal limit; what is left goes out in proportion to
 * what the levels want, none above its maximum.
 */
export function currentLimits(
  limits: readonly SeatLimits[],
  demands: readonly Pick<Demand, "highest" | "smooth">[],
  serverSeats: number,
): CurrentLimits {
  const sure = limits.map(({ nominal, min }, i) => Math.max(min, Math.min(nominal, (demands[i] as Demand).highest)));
  const wanted = sure.map((seats, i) => Math.max(seats, (demands[i] as Demand).smooth));
  const at = (fraction: number) =>
    limits.map(({ max }, i) => Math.min(max, Math.max(sure[i] as number, fraction * (wanted[i] as number))));
  const fraction = fairFraction(limits, sure, wanted, serverSeats);
  return { seats: at(fraction).map((seats) => Math.round(seats)), fraction };
}

/** The fraction of what is wanted at which all limits together make up the server's seats. */
function fairFraction(
  limits: readonly SeatLimits[],
  sure: readonly number[],
  wanted: readonly number[],
  serverSeats: number,
): number {
  // Between these points each level either keeps its lower bound, grows with the fraction, or stands at its upper bound.
  const points = limits
    .flatMap(({ max }, i) => [(sure[i] as number) / (wanted[i] || 1), max / (wanted[i] || 1)])
    .sort((a, b) => a - b);
  const sumAt = (fraction: number) =>
    limits.reduce(
      (sum, { max }, i) => sum + Math.min(max, Math.max(sure[i] as number, fraction * (wanted[i] as number))),
      0,
    );
  let low = 0;
  for (const point of points) {
    const reached = sumAt(point);
    if (reached >= serverSeats) {
      const before = sumAt(low);
      return reached === before ? low : low + ((point - low) * (serverSeats - before)) / (reached - before);
    }
    low = point;
  }
  return low;
}
