/** /metrics/cadvisor: the same figures under the names that dashboards know from cAdvisor. Pure. */
import type { Exposable } from "@kubets/machinery/metrics";
import type { MachineFacts } from "../node/machine.ts";
import type { CgroupDetails } from "./cgroup-details.ts";
import type { Usage } from "./cgroup-usage.ts";
import { exposition, type FigureFamily, type Sample } from "./exposition.ts";
import type { InterfaceUsage } from "./network-usage.ts";
import type { NodeReading } from "./node-stats.ts";

type Labels = Readonly<Record<string, string>>;

interface Subject {
  readonly labels: Labels;
  readonly usage: Usage;
  readonly details: CgroupDetails;
  readonly startedAt?: number;
  readonly disk?: { readonly usedBytes?: number; readonly inodes?: number };
}

const RESOURCES = [
  ["cpu", "CPU"],
  ["memory", "memory"],
  ["io", "IO"],
] as const;
const bare = { container: "", id: "", image: "", name: "", namespace: "", pod: "" };

export function cadvisorMetrics(
  { at, usage, details, pods, interfaces }: NodeReading,
  machine: MachineFacts,
): Exposable {
  const node: Subject = { labels: { ...bare, id: "/" }, usage, details };
  const subjects: Subject[] = [node];
  const networks: [Labels, readonly InterfaceUsage[]][] = [[node.labels, interfaces]];
  for (const { pod, usage: ofPod, details: podDetails, containers, interfaces: own, startedAt } of pods) {
    const { namespace, name, uid } = pod.metadata;
    const labels = { ...bare, id: `/kubepods/pod${uid}`, namespace, pod: name };
    subjects.push({ labels, usage: ofPod, details: podDetails, startedAt });
    networks.push([labels, own]);
    for (const { record, stats, details: own } of containers)
      subjects.push({
        labels: {
          container: record.name,
          id: `/kubepods/pod${uid}/${record.id}`,
          image: record.image,
          name: record.id,
          namespace,
          pod: name,
        },
        usage: stats,
        details: own,
        startedAt: record.startedAt,
        disk: { usedBytes: stats.diskUsedBytes, inodes: stats.diskInodesUsed },
      });
  }
  const family = (
    kind: FigureFamily["kind"],
    name: string,
    help: string,
    value: (subject: Subject) => number | undefined,
    more: Labels = {},
  ): FigureFamily => ({
    name,
    kind,
    help,
    samples: subjects.map((subject): Sample => {
      return { labels: { ...subject.labels, ...more }, value: value(subject), at: subject.usage.timestamp || at };
    }),
  });
  const pressures = RESOURCES.flatMap(([resource, called]) => {
    const waited = (who: "full" | "some", name: string, help: string) =>
      family(
        "counter",
        `container_pressure_${resource}_${name}_seconds_total`,
        help,
        ({ details: { [resource]: found } }) => found && found[who].total / 1e6,
      );
    return [
      waited(
        "full",
        "stalled",
        `Total time duration no tasks in the container could make progress due to ${called} congestion.`,
      ),
      waited("some", "waiting", `Total time duration tasks in the container have waited due to ${called} congestion.`),
    ];
  });
  const traffic = (name: string, help: string, key: keyof Omit<InterfaceUsage, "name">): FigureFamily => ({
    name,
    kind: "counter",
    help,
    samples: networks.flatMap(([labels, own]) =>
      own.map((each) => ({ labels: { ...labels, interface: each.name }, value: each[key], at })),
    ),
  });
  const gauge = (name: string, help: string, value: number): FigureFamily => ({
    name,
    kind: "gauge",
    help,
    samples: [{ value }],
  });
  return exposition([
    family(
      "counter",
      "container_cpu_usage_seconds_total",
      "Cumulative cpu time consumed in seconds.",
      ({ usage: { cpuNanos } }) => (cpuNanos === undefined ? undefined : cpuNanos / 1e9),
      { cpu: "total" },
    ),
    family(
      "gauge",
      "container_memory_usage_bytes",
      "Current memory usage in bytes, including all memory regardless of when it was accessed",
      (each) => each.usage.memoryUsageBytes,
    ),
    family(
      "gauge",
      "container_memory_working_set_bytes",
      "Current working set in bytes.",
      (each) => each.usage.memoryWorkingSetBytes,
    ),
    family("gauge", "container_memory_rss", "Size of RSS in bytes.", (each) => each.usage.memoryRssBytes),
    family("gauge", "container_memory_swap", "Container swap usage in bytes.", (each) => each.details.swapBytes),
    ...pressures,
    family(
      "gauge",
      "container_processes",
      "Number of processes running inside the container.",
      (each) => each.usage.processes,
    ),
    family(
      "gauge",
      "container_spec_memory_limit_bytes",
      "Memory limit for the container.",
      (each) => each.usage.memoryLimitBytes,
    ),
    family(
      "gauge",
      "container_start_time_seconds",
      "Start time of the container since unix epoch in seconds.",
      ({ startedAt }) => (startedAt === undefined ? undefined : startedAt / 1000),
    ),
    family(
      "gauge",
      "container_fs_usage_bytes",
      "Number of bytes that are consumed by the container on this filesystem.",
      (each) => each.disk?.usedBytes,
    ),
    family("gauge", "container_fs_inodes_total", "Number of Inodes", (each) => each.disk?.inodes),
    family("gauge", "container_last_seen", "Last time a container was seen by the exporter", (each) =>
      Math.floor((each.usage.timestamp || at) / 1000),
    ),
    traffic("container_network_receive_bytes_total", "Cumulative count of bytes received", "rxBytes"),
    traffic(
      "container_network_receive_errors_total",
      "Cumulative count of errors encountered while receiving",
      "rxErrors",
    ),
    traffic("container_network_transmit_bytes_total", "Cumulative count of bytes transmitted", "txBytes"),
    traffic(
      "container_network_transmit_errors_total",
      "Cumulative count of errors encountered while transmitting",
      "txErrors",
    ),
    gauge("machine_cpu_cores", "Number of logical CPU cores.", machine.cpuMilli / 1000),
    gauge("machine_memory_bytes", "Amount of memory installed on the machine.", machine.memoryBytes),
    gauge("machine_swap_bytes", "Amount of swap memory available on the machine.", machine.swapBytes ?? 0),
  ]);
}
