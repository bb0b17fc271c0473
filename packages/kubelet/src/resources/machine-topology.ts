/**
 * The CPUs, caches and NUMA nodes of this machine, as the kernel lists them. A machine without NUMA is one node; where no cache of the last level
 * is told of, the CPUs of a socket share one.
 */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { type Cpu, parseCpuList } from "./cpus.ts";

export interface MachineTopology {
  readonly cpus: readonly Cpu[];
  readonly nodes: readonly NumaNode[];
}

interface NumaNode {
  readonly id: number;
  readonly memoryBytes: number;
  /** To each node of the machine, in their order; undefined where the kernel does not tell. */
  readonly distances?: readonly number[];
}

export async function readTopology(memoryBytes: number, system = "/sys/devices/system"): Promise<MachineTopology> {
  const text = async (...path: string[]) => (await readFile(join(system, ...path), "utf8").catch(() => "")).trim();
  const ids = parseCpuList((await text("cpu/online")) || "0");
  const folders = (await readdir(join(system, "node")).catch(() => [])).filter((name) => /^node\d+$/.test(name));
  /** Named by the first of the CPUs that share it. */
  const cacheOf = async (cpu: number): Promise<number | undefined> => {
    for (const index of await readdir(join(system, `cpu/cpu${cpu}/cache`)).catch(() => []))
      if ((await text(`cpu/cpu${cpu}/cache`, index, "level")) === "3")
        return parseCpuList(await text(`cpu/cpu${cpu}/cache`, index, "shared_cpu_list"))[0];
    return undefined;
  };
  const nodeOf = new Map<number, number>();
  const nodes: NumaNode[] = [];
  for (const folder of folders) {
    const id = Number(folder.slice("node".length));
    for (const cpu of parseCpuList(await text("node", folder, "cpulist"))) nodeOf.set(cpu, id);
    const kibi = /MemTotal:\s+(\d+) kB/.exec(await text("node", folder, "meminfo"))?.[1];
    const distances = (await text("node", folder, "distance")).split(/\s+/).filter(Boolean).map(Number);
    nodes.push({ id, memoryBytes: Number(kibi ?? 0) * 1024, ...(distances.length > 0 && { distances }) });
  }
  const cpus = await Promise.all(
    ids.map(async (id) => {
      const socket = Number((await text(`cpu/cpu${id}/topology/physical_package_id`)) || 0);
      const core = Number((await text(`cpu/cpu${id}/topology/core_id`)) || id);
      return { id, core, socket, node: nodeOf.get(id) ?? 0, cache: (await cacheOf(id)) ?? socket };
    }),
  );
  return { cpus, nodes: nodes.length > 0 ? nodes.sort((a, b) => a.id - b.id) : [{ id: 0, memoryBytes }] };
}
