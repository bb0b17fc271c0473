/** /stats/summary: what the node, its pods and their containers use, from what the runtime counts. */
import { CONTAINER_NAME, POD_NAME, POD_NAMESPACE, POD_UID } from "../runtime/names.ts";
import type { ContainerStats, Runtime } from "../runtime/runtime.ts";

/** How fast CPU is used is the difference to the reading before. */
export class StatsReader {
  readonly #runtime: Runtime;
  readonly #before = new Map<string, { at: number; nanos: number; perSecond: number }>();

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
  }

  async summary(nodeName: string, startTime: string): Promise<object> {
    const stats = await this.#runtime.containerStats();
    const byPod = new Map<string, ContainerStats[]>();
    for (const each of stats) {
      const uid = each.labels[POD_UID] ?? "";
      byPod.set(uid, [...(byPod.get(uid) ?? []), each]);
    }
    const pods = [...byPod].map(([uid, containers]) => this.#pod(uid, containers));
    const total = stats.map((each) => this.#usage(each));
    const sum = (key: "usageNanoCores" | "usageCoreNanoSeconds") =>
      total.reduce((all, { cpu }) => all + (cpu[key] ?? 0), 0);
    const memory = total.reduce((all, each) => all + (each.memory.workingSetBytes ?? 0), 0);
    const time = new Date().toISOString();
    return {
      node: {
        nodeName,
        startTime,
        cpu: { time, usageNanoCores: sum("usageNanoCores"), usageCoreNanoSeconds: sum("usageCoreNanoSeconds") },
        memory: { time, workingSetBytes: memory },
      },
      pods,
    };
  }

  #pod(uid: string, containers: readonly ContainerStats[]): object {
    const labels = containers[0]?.labels ?? {};
    const used = containers.map((each) => ({ name: each.labels[CONTAINER_NAME] ?? "", ...this.#usage(each) }));
    return {
      podRef: { name: labels[POD_NAME] ?? "", namespace: labels[POD_NAMESPACE] ?? "", uid },
      containers: used,
      cpu: {
        time: used[0]?.cpu.time,
        usageNanoCores: used.reduce((all, { cpu }) => all + (cpu.usageNanoCores ?? 0), 0),
      },
      memory: {
        time: used[0]?.memory.time,
        workingSetBytes: used.reduce((all, each) => all + (each.memory.workingSetBytes ?? 0), 0),
      },
    };
  }

  #usage(stats: ContainerStats) {
    const time = new Date(stats.timestamp).toISOString();
    const nanos = stats.cpuNanos ?? 0;
    const before = this.#before.get(stats.id);
    const elapsed = before ? stats.timestamp - before.at : 0;
    const perSecond =
      before && elapsed > 0 ? Math.max(0, ((nanos - before.nanos) * 1000) / elapsed) : (before?.perSecond ?? 0);
    if (!before || elapsed > 0) this.#before.set(stats.id, { at: stats.timestamp, nanos, perSecond });
    return {
      cpu: { time, usageNanoCores: Math.round(perSecond), usageCoreNanoSeconds: nanos },
      memory: {
        time,
        usageBytes: stats.memoryUsageBytes,
        workingSetBytes: stats.memoryWorkingSetBytes,
        rssBytes: stats.memoryRssBytes,
        pageFaults: stats.pageFaults,
        majorPageFaults: stats.majorPageFaults,
      },
      rootfs: { time, usedBytes: stats.diskUsedBytes, inodesUsed: stats.diskInodesUsed },
    };
  }
}
