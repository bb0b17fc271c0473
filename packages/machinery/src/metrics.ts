/**
 * Counters, gauges and histograms, and their text as Prometheus reads it.
 * Holds: counting costs a fraction of a microsecond when the child (`values`) is kept; `expose` gives the text in pieces of a
 * bounded size, so that a scrape of many never blocks for long (metrics-scrape.ts answers one over HTTP).
 */
type LabelValues = Readonly<Record<string, string>>;

/** Prometheus' text 0.0.4, or OpenMetrics 1.0, which names counters without their "_total" and ends on a mark. */
export type MetricsFormat = "text" | "openmetrics";

interface Metric {
  readonly name: string;
  pieces(format: MetricsFormat): Generator<string, void, void>;
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
  }
}

/** One metric with a child for each set of label values. */
export class Family<T> implements Metric {
  readonly name: string;
  readonly #options: MetricOptions;
  readonly #type: string;
  readonly #make: () => T;
  readonly #write: (child: T, name: string, labels: string) => string;
  readonly #children = new Map<string, { child: T; labels: string }>();

  constructor(
    type: string,
    options: MetricOptions,
    make: () => T,
    write: (child: T, name: string, labels: string) => string,
  ) {
    checkNames(options);
    this.name = options.name;
    this.#type = type;
    this.#options = options;
    this.#make = make;
    this.#write = write;
    if (!options.labels?.length) this.values();
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
    const child = this.#make();
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
    const name = format === "openmetrics" && this.#type === "counter" ? this.name.replace(/_total$/, "") : this.name;
    let text = `# HELP ${name} ${escapeHelp(this.#options.help)}\n# TYPE ${name} ${this.#type}\n`;
    for (const { child, labels } of this.#children.values()) {
      text += this.#write(child, this.name, labels);
      if (text.length < PIECE) continue;
      yield text;
      text = "";
    }
    if (text) yield text;
  }
}

export class MetricsRegistry {
  readonly #metrics = new Map<string, Metric>();
  readonly #collectors: Array<() => void> = [];
  readonly #disabled = new Set<string>();
  readonly #parts = new Set<MetricsRegistry>();

  /** For what ends before the rest, and may begin again: its metrics are told here until the signal. */
  part(signal: AbortSignal): MetricsRegistry {
    const part = new MetricsRegistry();
    this.#parts.add(part);
    signal.addEventListener("abort", () => this.#parts.delete(part), { once: true });
    return part;
  }

  counter(options: MetricOptions): Family<Counter> {
    return this.#add(new Family("counter", options, () => new Counter(), writeValue));
  }

  gauge(options: MetricOptions): Family<Gauge> {
    return this.#add(new Family("gauge", options, () => new Gauge(), writeValue));
  }

  histogram(options: MetricOptions & { readonly buckets?: readonly number[] }): Family<Histogram> {
    const buckets = options.buckets ?? DEFAULT_BUCKETS;
    return this.#add(new Family("histogram", options, () => new Histogram(buckets), writeHistogram));
  }

  /** One without labels that is counted elsewhere: for the whole process, not for who tells it. */
  shared(options: Omit<MetricOptions, "labels">, histogram: Histogram): void {
    this.#add(new Family("histogram", options, () => histogram, writeHistogram));
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
    for (const part of [...this.#parts, this]) for (const collect of part.#collectors) collect();
    const all = this.#all();
    for (const name of [...all.keys()].sort())
      if (!this.#disabled.has(name)) yield* (all.get(name) as Metric).pieces(format);
    if (format === "openmetrics") yield "# EOF\n";
  }

  #all(): Map<string, Metric> {
    return new Map([...this.#parts, this].flatMap((part) => [...part.#metrics]));
  }

  #add<M extends Metric>(metric: M): M {
    if (this.#metrics.has(metric.name)) throw new RangeError(`the metric ${metric.name} is registered already`);
    this.#metrics.set(metric.name, metric);
    return metric;
  }
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

function numberText(value: number): string {
  if (Number.isFinite(value)) return String(value);
  return Number.isNaN(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf";
}

const escapeHelp = (text: string): string => text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
const escapeLabel = (text: string): string => escapeHelp(text).replaceAll('"', '\\"');

function checkNames({ name, labels = [] }: MetricOptions): void {
  if (!/^[a-zA-Z_:][a-zA-Z0-9_:]*$/.test(name)) throw new RangeError(`${name} is no name for a metric`);
  const wrong = labels.find((label) => !/^[a-zA-Z_][a-zA-Z0-9_]*$/.test(label) || label === "le");
  if (wrong !== undefined) throw new RangeError(`${wrong} is no name for a label`);
}
