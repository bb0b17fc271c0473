/** What every program tells of its own process, by the names that Prometheus' clients and Kubernetes give it. Read only when it is asked for. */
import { readdirSync, readFileSync } from "node:fs";
import type { MetricsRegistry } from "./metrics.ts";

/** Which release a program says that it is. */
interface BuildInfo {
  readonly major: string;
  readonly minor: string;
  readonly gitVersion: string;
  readonly gitCommit: string;
  readonly gitTreeState: string;
  readonly buildDate: string;
  readonly goVersion: string;
  readonly compiler: string;
  readonly platform: string;
}

export function processMetrics(registry: MetricsRegistry, build?: BuildInfo): void {
  const gauge = (name: string, help: string) => registry.gauge({ name, help }).values();
  const cpu = registry
    .counter({ name: "process_cpu_seconds_total", help: "Seconds of CPU that the process has used." })
    .values();
  const resident = gauge("process_resident_memory_bytes", "Memory of the process that is in RAM.");
  const virtual = gauge("process_virtual_memory_bytes", "Memory that the process has mapped.");
  const heap = gauge("nodejs_heap_size_used_bytes", "Memory that JavaScript objects take.");
  const open = gauge("process_open_fds", "File descriptors that are open.");
  const most = gauge("process_max_fds", "The most file descriptors that may be open.");
  gauge("process_start_time_seconds", "When the process started, in seconds since 1970.").set(
    Math.round(performance.timeOrigin) / 1000,
  );
  registry.onCollect(() => {
    const { user, system } = process.cpuUsage();
    const { rss, heapUsed } = process.memoryUsage();
    cpu.value = (user + system) / 1e6;
    resident.set(rss);
    heap.set(heapUsed);
    virtual.set(mappedBytes());
    open.set(count("/proc/self/fd"));
    most.set(Number(/^Max open files +(\d+)/m.exec(textOf("/proc/self/limits"))?.[1] ?? 0));
  });
  if (build) buildInfo(registry, build);
}

function buildInfo(registry: MetricsRegistry, build: BuildInfo): void {
  const labels = {
    major: build.major,
    minor: build.minor,
    git_version: build.gitVersion,
    git_commit: build.gitCommit,
    git_tree_state: build.gitTreeState,
    build_date: build.buildDate,
    go_version: build.goVersion,
    compiler: build.compiler,
    platform: build.platform,
  };
  registry
    .gauge({ name: "kubernetes_build_info", help: "Which release this is.", labels: Object.keys(labels) })
    .with(labels)
    .set(1);
}

/** The first number of statm counts pages. */
const mappedBytes = () => Number(textOf("/proc/self/statm").split(" ")[0] || 0) * 4096;

/** Nothing where the system has no such file. */
function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

function count(folder: string): number {
  try {
    return readdirSync(folder).length;
  } catch {
    return 0;
  }
}
