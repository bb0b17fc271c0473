/** Figures of one reading as Prometheus reads them: a family is a name, a kind, a help and its samples. Pure. */
import {
  type Exposable,
  escapeLabel,
  type MetricMessage,
  type MetricsFormat,
  metricHead,
  OPENMETRICS_END,
} from "@kubets/machinery/metrics";

export interface Sample {
  readonly labels?: Readonly<Record<string, string>>;
  readonly value: number | undefined;
  /** Milliseconds since 1970. */
  readonly at?: number;
}

export interface FigureFamily {
  readonly name: string;
  readonly kind: "counter" | "gauge";
  readonly help: string;
  readonly samples: readonly Sample[];
}

type Known = Sample & { readonly value: number };

/** Only what there are figures of is told. */
export function exposition(families: readonly FigureFamily[]): Exposable {
  const told = families.flatMap(({ name, kind, help, samples }) => {
    const known = samples.filter((sample): sample is Known => sample.value !== undefined);
    const messages = () => known.map((sample) => messageOf(kind, sample));
    return known.length > 0 ? [{ name, help, type: kind, known, messages }] : [];
  });
  return {
    *expose(format) {
      for (const family of told)
        yield metricHead(family, format) + family.known.map((sample) => lineOf(family.name, sample, format)).join("");
      if (format === "openmetrics") yield OPENMETRICS_END;
    },
    families: () => told,
  };
}

const messageOf = (kind: FigureFamily["kind"], { labels = {}, value, at }: Known): MetricMessage => ({
  label: Object.entries(labels).map(([name, text]) => ({ name, value: text })),
  [kind]: { value },
  ...(at !== undefined && { timestampMs: at }),
});

function lineOf(name: string, { labels = {}, value, at }: Known, format: MetricsFormat): string {
  const pairs = Object.entries(labels).map(([key, text]) => `${key}="${escapeLabel(text)}"`);
  const when = at === undefined ? "" : ` ${format === "openmetrics" ? at / 1000 : at}`;
  return `${name}${pairs.length > 0 ? `{${pairs.join(",")}}` : ""} ${value}${when}\n`;
}
