/** Figures of one reading as Prometheus reads them: a family is a name, a kind, a help and its samples. Pure. */
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

export function exposition(families: readonly FigureFamily[]): string {
  let text = "";
  for (const { name, kind, help, samples } of families) {
    const lines = samples.flatMap((sample) => (sample.value === undefined ? [] : [lineOf(name, sample)]));
    if (lines.length > 0) text += `# HELP ${name} ${help}\n# TYPE ${name} ${kind}\n${lines.join("")}`;
  }
  return text;
}

function lineOf(name: string, { labels = {}, value, at }: Sample): string {
  const pairs = Object.entries(labels).map(([key, text]) => `${key}="${escaped(text)}"`);
  return `${name}${pairs.length > 0 ? `{${pairs.join(",")}}` : ""} ${value}${at === undefined ? "" : ` ${at}`}\n`;
}

const escaped = (text: string): string => text.replace(/[\\"\n]/g, (found) => (found === "\n" ? "\\n" : `\\${found}`));
