/** What a server tells of a metric, read as who scrapes it reads it. */
import type { MetricsRegistry } from "@kubets/machinery/metrics";

/** The value behind a name with its labels; undefined while there is none. */
export function told(registry: MetricsRegistry, series: string): number | undefined {
  const line = linesOf(registry, series).find((each) => each.startsWith(`${series} `));
  return line === undefined ? undefined : Number(line.slice(series.length + 1));
}

/** The lines that begin with a name, or with that and labels. */
export const linesOf = (registry: MetricsRegistry, name: string): string[] =>
  [...registry.expose()]
    .join("")
    .split("\n")
    .filter((line) => line.startsWith(name));
