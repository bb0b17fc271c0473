/** What nodes and containers use, from two scrapes of a kubelet's /metrics/resource. Pure. */
export interface Scrape {
  /** Milliseconds since 1970. */
  readonly at: number;
  /** CPU seconds and bytes, by "node" or "namespace/pod/container". */
  readonly cpu: ReadonlyMap<string, Sample>;
  readonly memory: ReadonlyMap<string, Sample>;
}

interface Sample {
  readonly value: number;
  readonly at: number;
}

export interface Usage {
  readonly nanoCores: number;
  readonly memoryBytes: number;
  readonly at: number;
  readonly windowMs: number;
}

const WANTED = new Map([
  ["node_cpu_usage_seconds_total", "cpu"],
  ["container_cpu_usage_seconds_total", "cpu"],
  ["node_memory_working_set_bytes", "memory"],
  ["container_memory_working_set_bytes", "memory"],
] as const);
const LINE = /^([a-z_]+)(?:\{([^}]*)\})? (\S+)(?: (\d+))?$/;

export function parseScrape(text: string, now: number): Scrape {
  const found = { at: now, cpu: new Map<string, Sample>(), memory: new Map<string, Sample>() };
  for (const line of text.split("\n")) {
    const [, name = "", labels, value, at] = LINE.exec(line) ?? [];
    const kind = (WANTED as ReadonlyMap<string, "cpu" | "memory">).get(name);
    if (kind) found[kind].set(keyOf(labels), { value: Number(value), at: at ? Number(at) : now });
  }
  return found;
}

const keyOf = (labels: string | undefined): string => {
  const of = (name: string) => new RegExp(`(?:^|,)${name}="([^"]*)"`).exec(labels ?? "")?.[1];
  return labels ? `${of("namespace")}/${of("pod")}/${of("container")}` : "node";
};

/** What was seen in both scrapes; a container that began anew in between is left out, as its counter did too. */
export function usageBetween(before: Scrape, after: Scrape): Map<string, Usage> {
  const usage = new Map<string, Usage>();
  for (const [key, cpu] of after.cpu) {
    const [earlier, memory] = [before.cpu.get(key), after.memory.get(key)];
    if (!earlier || !memory || cpu.at <= earlier.at || cpu.value < earlier.value) continue;
    const windowMs = cpu.at - earlier.at;
    const nanoCores = Math.round(((cpu.value - earlier.value) * 1e12) / windowMs);
    usage.set(key, { nanoCores, memoryBytes: memory.value, at: cpu.at, windowMs });
  }
  return usage;
}
