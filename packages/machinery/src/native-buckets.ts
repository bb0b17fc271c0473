/**
 * The native buckets of a histogram: their bounds grow by a factor of 2^(2^-schema), so that they need not be known beforehand.
 * Holds: there are never more than a fixed number for long; where one is too many, each two neighbours become one (the schema goes down by one).
 */

/** A run of buckets: how many indices after the end of the run before it, and how many it has. */
interface BucketSpan {
  readonly offset: number;
  readonly length: number;
}

/** As Prometheus' protobuf has them. */
export interface NativeBucketsMessage {
  readonly schema: number;
  readonly zeroThreshold: number;
  readonly zeroCount: number;
  readonly negativeSpan: readonly BucketSpan[];
  readonly negativeDelta: readonly number[];
  readonly positiveSpan: readonly BucketSpan[];
  readonly positiveDelta: readonly number[];
}

/** The coarsest schema whose buckets grow by a factor of no more than 1.1. */
const FIRST_SCHEMA = 3;
const LAST_SCHEMA = -4;
const MOST_BUCKETS = 160;
/** What is not further from zero counts as zero. */
const ZERO_THRESHOLD = 2 ** -128;
/** Gaps of so many empty buckets stay within a span. */
const LONGEST_GAP = 2;

/** Where the buckets between 0.5 and 1 begin, by schema. */
const BOUNDS = Array.from({ length: FIRST_SCHEMA + 1 }, (_, schema) =>
  Array.from({ length: 1 << schema }, (_, i) => 0.5 * 2 ** (i / (1 << schema))),
);

const double = new DataView(new ArrayBuffer(8));

export class NativeBuckets {
  #schema = FIRST_SCHEMA;
  #zeroCount = 0;
  /** Counts by index: that of i stands for what is above base^(i-1), up to base^i. */
  #positive = new Map<number, number>();
  #negative = new Map<number, number>();

  observe(value: number, times: number): void {
    if (Number.isNaN(value)) return;
    const distance = Math.abs(value);
    if (distance <= ZERO_THRESHOLD) {
      this.#zeroCount += times;
      return;
    }
    const side = value > 0 ? this.#positive : this.#negative;
    const index = distance === Infinity ? indexOf(Number.MAX_VALUE, this.#schema) + 1 : indexOf(distance, this.#schema);
    side.set(index, (side.get(index) ?? 0) + times);
    if (this.#positive.size + this.#negative.size > MOST_BUCKETS && this.#schema > LAST_SCHEMA) this.#coarsen();
  }

  message(): NativeBucketsMessage {
    const [negative, positive] = [spansOf(this.#negative), spansOf(this.#positive)];
    return {
      schema: this.#schema,
      zeroThreshold: ZERO_THRESHOLD,
      zeroCount: this.#zeroCount,
      negativeSpan: negative.spans,
      negativeDelta: negative.deltas,
      positiveSpan: positive.spans,
      positiveDelta: positive.deltas,
    };
  }

  #coarsen(): void {
    this.#schema--;
    this.#positive = inPairs(this.#positive);
    this.#negative = inPairs(this.#negative);
  }
}

/** Of a normal number above zero. */
function indexOf(value: number, schema: number): number {
  double.setFloat64(0, value);
  const high = double.getUint32(0);
  const exponent = (high >>> 20) - 1022;
  double.setUint32(0, (high & 0xfffff) | (1022 << 20));
  // From 0.5 up to 1.
  const fraction = double.getFloat64(0);
  if (schema > 0) {
    const bounds = BOUNDS[schema] as readonly number[];
    let within = 0;
    while (within < bounds.length && fraction > (bounds[within] as number)) within++;
    return within + (exponent - 1) * bounds.length;
  }
  const index = fraction === 0.5 ? exponent - 1 : exponent;
  return (index + (1 << -schema) - 1) >> -schema;
}

function inPairs(counts: ReadonlyMap<number, number>): Map<number, number> {
  const pairs = new Map<number, number>();
  for (const [index, count] of counts) {
    const pair = Math.ceil(index / 2);
    pairs.set(pair, (pairs.get(pair) ?? 0) + count);
  }
  return pairs;
}

/** Runs of buckets, and by how much each count differs from the one before it. */
function spansOf(counts: ReadonlyMap<number, number>): { readonly spans: BucketSpan[]; readonly deltas: number[] } {
  const spans: { offset: number; length: number }[] = [];
  const deltas: number[] = [];
  let next = 0;
  let before = 0;
  for (const [index, count] of [...counts].sort(([a], [b]) => a - b)) {
    const gap = index - next;
    let span = spans.at(-1);
    if (!span || gap > LONGEST_GAP) {
      span = { offset: gap, length: 0 };
      spans.push(span);
    } else {
      for (let empty = 0; empty < gap; empty++, before = 0) deltas.push(0 - before);
      span.length += gap;
    }
    deltas.push(count - before);
    span.length++;
    before = count;
    next = index + 1;
  }
  return { spans, deltas };
}
