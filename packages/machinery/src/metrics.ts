/**
 * Counters, gauges and histograms, and what they tell: their text as Prometheus reads it, or messages of its protobuf.
 * Holds: counting costs a fraction of a microsecond when the child (`values`) is kept; `expose` gives the text in pieces of a
 * bounded size, so that a scrape of many never blocks for long (wire's metrics-scrape.ts answers one over HTTP).
 */
import { NativeBuckets, type NativeBucketsMessage } from "./native-buckets.ts";

type LabelValues = Readonly<Record<string, string>>;

/** Prometheus' text 0.0.4, or OpenMetrics 1.0, which names counters without their "_total" and ends on a mark. */
export type MetricsFormat = "text" | "openmetrics";

/** One metric of a family, as Prometheus' protobuf has it. */
export interface MetricMessage {
  readonly label: readonly { readonly name: string; readonly value: string }[];
  readonly counter?: { readonly value: number };
  readonly gauge?: { readonly value: number };
  readonly histogram?: HistogramMessage;
  readonly timestampMs?: number;
}

interface HistogramMessage extends Partial<NativeBucketsMessage> {
  readonly sampleCount: number;
  readonly sampleSum: number;
  readonly bucket: readonly { readonly cumulativeCount: number; readonly upperBound: number }[];
}

export interface MetricFamily {
  readonly name: string;
  readonly help: string;
  readonly type: "counter" | "gauge" | "histogram";
  messages(): Iterable<MetricMessage>;
}

/** What can be scraped. */
export interface Exposable {
  /** The text in pieces. */
  expose(format: MetricsFormat): Iterable<string>;
  families(): Iterable<MetricFamily>;
}

interface Metric extends MetricFamily {
  pieces(format: MetricsFormat): Generator<string, void, void>;
  openNativeHistograms(): void;
}

/** What is particular to a kind of metric. */
interface Kind<T> {
  readonly type: MetricFamily["type"];
  make(): T;
  text(child: T, name: string, labels: string): string;
  message(child: T): Omit<MetricMessage, "label">;
}

interface MetricOptions {
  readonly name: string;
  readonly help: string;
  readonly labels?: readonly string[];
}

/** The buckets that Prometheus' clients use, in seconds. */
export const DEFAULT_BUCKETS: readonly number[] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** About how many characters are made at a time. */
const PIECE = 1 << 14;

export class Counter {
  value = 0;

  inc(by = 1): void {
    this.value += by;
  }
}

export class Gauge {
  value = 0;

  set(value: number): void {
    this.value = value;
  }

  inc(by = 1): void {
    this.value += by;
  }

  dec(by = 1): void {
    this.value -= by;
  }
}

export class Histogram {
  readonly buckets: readonly number[];
  readonly counts: Float64Array;
  sum = 0;
  /** Beside the others, where NativeHistograms is on. */
  native: NativeBuckets | undefined = undefined;

  constructor(buckets: readonly number[]) {
    this.buckets = buckets;
    this.counts = new Float64Array(buckets.length + 1);
  }

  /** Counts a value, or so many of it. */
  observe(value: number, times = 1): void {
    this.sum += value * times;
    let i = 0;
    while (i < this.buckets.length && value > (this.buckets[i] as number)) i++;
    this.counts[i] = (this.counts[i] as number) + times;
    this.native?.observe(value, times);
  }
}

/** One metric with a child for each set of label values. */
export class Family<T> implements Metric {
  readonly name: string;
  readonly #options: MetricOptions;
  readonly #kind: Kind<T>;
  readonly #children = new Map<string, { child: T; labels: string }>();

  constructor(kind: Kind<T>, options: MetricOptions) {
    checkNames(options);
    this.name = options.name;
    this.#kind = kind;
    this.#options = options;
    if (!options.labels?.length) this.values();
  }

  get help(): string {
    return this.#options.help;
  }

  get type(): MetricFamily["type"] {
    return this.#kind.type;
  }

  /** The child of these values, in the order in which the labels were declared. Keep it where speed counts. */
  values(...values: string[]): T {
    const key = values.length === 1 ? (values[0] as string) : values.join("\xff");
    const found = this.#children.get(key);
    if (found) return found.child;
    const names = this.#options.labels ?? [];
    if (names.length !== values.length) {
      throw new RangeError(`${this.name} has the labels (${names.join(", ")}), not ${values.length} values`);
    }
    const labels = names.map((name, i) => `${name}="${escapeLabel(values[i] as string)}"`).join(",");
    const child = this.#kind.make();
    this.#children.set(key, { child, labels });
    return child;
  }

  with(labels: LabelValues): T {
    return this.values(...(this.#options.labels ?? []).map((name) => labels[name] ?? ""));
  }

  remove(...values: string[]): void {
    this.#children.delete(values.join("\xff"));
  }

  clear(): void {
    this.#children.clear();
  }

  *pieces(format: MetricsFormat): Generator<string, void, void> {
    if (this.#children.size === 0) return;
    let text = metricHead(this, format);
    for (const { child, labels } of this.#children.values()) {
      text += this.#kind.text(child, this.name, labels);
      if (text.length < PIECE) continue;
      yield text;
      text = "";
    }
    if (text) yield text;
  }

  *messages(): Generator<MetricMessage, void, void> {
    const names = this.#options.labels ?? [];
    for (const [key, { child }] of this.#children) {
      const values = names.length === 1 ? [key] : key.split("\xff");
      const label = names.map((name, i) => ({ name, value: values[i] ?? "" }));
      yield { label, ...this.#kind.message(child) };
    }
  }

  openNativeHistograms(): void {
    for (const { child } of this.#children.values()) if (child instanceof Histogram) makeNative(child);
  }
}

export class MetricsRegistry implements Exposable {
  readonly #metrics = new Map<string, Metric>();
  readonly #collectors: Array<() => void> = [];
  readonly #disabled = new Set<string>();
  readonly #parts = new Set<MetricsRegistry>();
  #native = false;

  /** For what ends before the rest, and may begin again: its metrics are told here until the signal. */
  part(signal: AbortSignal): MetricsRegistry {
    const part = new MetricsRegistry();
    part.#native = this.#native;
    this.#parts.add(part);
    signal.addEventListener("abort", () => this.#parts.delete(part), { once: true });
    return part;
  }

  /** By the gate NativeHistograms: histograms have native buckets beside the others, also those that there are already. */
  openNativeHistograms(): void {
    this.#native = true;
    for (const metric of this.#metrics.values()) metric.openNativeHistograms();
    for (const part of this.#parts) part.openNativeHistograms();
  }

  counter(options: MetricOptions): Family<Counter> {
    return this.#add(
      new Family<Counter>(
        {
          type: "counter",
          text: writeValue,
          message: ({ value }) => ({ counter: { value } }),
          make: () => new Counter(),
        },
        options,
      ),
    );
  }

  gauge(options: MetricOptions): Family<Gauge> {
    return this.#add(
      new Family<Gauge>(
        { type: "gauge", text: writeValue, message: ({ value }) => ({ gauge: { value } }), make: () => new Gauge() },
        options,
      ),
    );
  }

  histogram(options: MetricOptions & { readonly buckets?: readonly number[] }): Family<Histogram> {
    const buckets = options.buckets ?? DEFAULT_BUCKETS;
    return this.#histogram(options, () => new Histogram(buckets));
  }

  /** One without labels that is counted elsewhere: for the whole process, not for who tells it. */
  shared(options: Omit<MetricOptions, "labels">, histogram: Histogram): void {
    this.#histogram(options, () => histogram);
  }

  /** Metrics of these names are not told. */
  disable(names: readonly string[]): void {
    for (const name of names) this.#disabled.add(name);
  }

  /** Runs before each exposition, to set gauges that are cheaper read than kept. */
  onCollect(collect: () => void): void {
    this.#collectors.push(collect);
  }

  /** All that may be told, also what nothing was counted of yet. */
  get names(): string[] {
    return [...this.#all().keys()].sort();
  }

  /** The text in pieces, in order of names. */
  *expose(format: MetricsFormat = "text"): Generator<string, void, void> {
    for (const metric of this.#told()) yield* metric.pieces(format);
    if (format === "openmetrics") yield OPENMETRICS_END;
  }

  families(): readonly MetricFamily[] {
    return this.#told();
  }

  #told(): readonly Metric[] {
    for (const part of [...this.#parts, this]) for (const collect of part.#collectors) collect();
    const all = [...this.#all().values()].filter(({ name }) => !this.#disabled.has(name));
    return all.sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  #all(): Map<string, Metric> {
    return new Map([...this.#parts, this].flatMap((part) => [...part.#metrics]));
  }

  #histogram(options: MetricOptions, make: () => Histogram): Family<Histogram> {
    const made = () => (this.#native ? makeNative(make()) : make());
    return this.#add(
      new Family({ type: "histogram", text: writeHistogram, message: histogramMessage, make: made }, options),
    );
  }

  #add<M extends Metric>(metric: M): M {
    if (this.#metrics.has(metric.name)) throw new RangeError(`the metric ${metric.name} is registered already`);
    this.#metrics.set(metric.name, metric);
    return metric;
  }
}

/** What stands before the lines of a family; OpenMetrics names counters without their "_total". */
export function metricHead({ name, help, type }: MetricFamily, format: MetricsFormat): string {
  const shown = format === "openmetrics" && type === "counter" ? name.replace(/_total$/, "") : name;
  return `# HELP ${shown} ${escapeHelp(help)}\n# TYPE ${shown} ${type}\n`;
}

export const OPENMETRICS_END = "# EOF\n";

function makeNative(histogram: Histogram): Histogram {
  histogram.native ??= new NativeBuckets();
  return histogram;
}

function writeValue({ value }: { readonly value: number }, name: string, labels: string): string {
  return `${name}${labels ? `{${labels}}` : ""} ${numberText(value)}\n`;
}

function writeHistogram({ buckets, counts, sum }: Histogram, name: string, labels: string): string {
  const before = labels ? `${labels},` : "";
  let text = "";
  let total = 0;
  for (let i = 0; i < counts.length; i++) {
    total += counts[i] as number;
    const bound = i < buckets.length ? numberText(buckets[i] as number) : "+Inf";
    text += `${name}_bucket{${before}le="${bound}"} ${total}\n`;
  }
  const braces = labels ? `{${labels}}` : "";
  return `${text}${name}_sum${braces} ${numberText(sum)}\n${name}_count${braces} ${total}\n`;
}

function histogramMessage({ buckets, counts, sum, native }: Histogram): Omit<MetricMessage, "label"> {
  let total = 0;
  const bucket = buckets.map((upperBound, i) => {
    total += counts[i] as number;
    return { cumulativeCount: total, upperBound };
  });
  // The last bucket, without an end, is not told: it is all of them.
  const sampleCount = total + (counts[buckets.length] as number);
  return { histogram: { sampleCount, sampleSum: sum, bucket, ...native?.message() } };
}

function numberText(value: number): string {
  if (Number.isFinite(value)) return String(value);
  return Number.isNaN(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf";
}

const escapeHelp = (text: string): string => text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
export const escapeLabel = (text: string): string => escapeHelp(text).replaceAll('"', '\\"');

function checkNames({ name, labels = [] }: MetricOptions): void {
  if (!/^[a-zA-Z_:][a-zA-Z0-9_:]*$/.test(name)) throw new RangeError(`${name} is no name for a metric`);
  const wrong = labels.find((label) => !/^[a-zA-Z_][a-zA-Z0-9_]*$/.test(label) || label === "le");
  if (wrong !== undefined) throw new RangeError(`${wrong} is no name for a label`);
}
