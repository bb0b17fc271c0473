/** What is used of CPU and memory, as it was read since the summary was opened: as lines, and in words. */
import { type ComponentChild, h } from "preact";
import { useEffect, useState } from "preact/hooks";
import { amountOf, showBytes, showCpu, sum } from "../reckoning/amounts.ts";
import { usageLine } from "../reckoning/usage-line.ts";
import { Section } from "./section.ts";

/** In cores or bytes, by what they are called: "requested", "at most". */
export type Bounds = Readonly<Record<string, number | undefined>>;

interface Used {
  readonly at: number;
  readonly cpu: number;
  readonly memory: number;
}

interface UsageProps {
  /** The last that was read of each that counts; undefined before that, and where nothing is measured. */
  readonly usages: readonly Readonly<Record<string, string>>[] | undefined;
  readonly cpu: Bounds;
  readonly memory: Bounds;
}

/** An hour of them. */
const KEPT = 240;

export function Usage({ usages, cpu, memory }: UsageProps): ComponentChild {
  const [read, setRead] = useState<readonly Used[]>([]);
  const total = (resource: string) => sum((usages ?? []).map((usage) => amountOf(usage[resource])));
  useEffect(() => {
    if (!usages) return;
    const now = { at: Date.now(), cpu: total("cpu"), memory: total("memory") };
    setRead((all) => [...all, now].slice(-KEPT));
  }, [usages]);
  if (read.length === 0) return null;
  return h(
    Section,
    { title: "Usage" },
    h(
      "div",
      { class: "graphs" },
      h(Graph, { name: "CPU", read, of: "cpu", bounds: cpu, show: showCpu }),
      h(Graph, { name: "Memory", read, of: "memory", bounds: memory, show: showBytes }),
    ),
  );
}

interface GraphProps {
  readonly name: string;
  readonly read: readonly Used[];
  readonly of: "cpu" | "memory";
  readonly bounds: Bounds;
  show(amount: number): string;
}

const SIZE = { width: 240, height: 48 };

function Graph({ name, read, of, bounds, show }: GraphProps): ComponentChild {
  const readings = read.map((each) => ({ at: each.at, amount: each[of] }));
  const amounts = readings.map(({ amount }) => amount);
  const { path, bounds: heights } = usageLine(readings, Object.values(bounds), SIZE);
  const now = show(amounts.at(-1) ?? 0);
  const words = Object.entries(bounds).flatMap(([what, amount]) => (amount ? [`${show(amount)} ${what}`] : []));
  const [least, most] = [show(Math.min(...amounts)), show(Math.max(...amounts))];
  return h(
    "figure",
    { class: "usage" },
    h("figcaption", null, `${name}: ${now} used`, words.length > 0 && h("small", null, ` ${words.join(", ")}`)),
    h(
      "svg",
      {
        viewBox: `0 0 ${SIZE.width} ${SIZE.height}`,
        preserveAspectRatio: "none",
        role: "img",
        "aria-label": `${name} used since this summary was opened: ${now} now, at least ${least}, at most ${most}`,
      },
      heights.map((y, at) => y !== undefined && h("path", { key: at, class: "bound", d: `M0 ${y}H${SIZE.width}` })),
      h("path", { d: path }),
    ),
  );
}
