/** The CPUs and NUMA nodes of this machine, as the kernel lists them. A machine without NUMA is one node. */
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
}

export async function readTopology(memoryBytes: number, system = "/sys/devices/system"): Promise<MachineTopology> {
  const text = async (...path: string[]) => (await readFile(join(system, ...path), "utf8").catch(() => "")).trim();
  const ids = parseCpuList((await text("cpu/online")) || "0");
  const folders = (await readdir(join(system, "node")).catch(() => [])).filter((name) => /^node\d+$/.test(name));
  const nodeOf = new Map<number, number>();
  const nodes: NumaNode[] = [];
  for (const folder of folders) {
    const id = Number(folder.slice("node".length));
    for (const cpu of parseCpuList(await text("node", folder, "cpulist"))) nodeOf.set(cpu, id);
    const kibi = /MemTotal:\s+(\d+) kB/.exec(await text("node", folder, "meminfo"))?.[1];
    nodes.push({ id, memoryBytes: Number(kibi ?? 0) * 1024 });
  }
  const cpus = await Promise.all(
    ids.map(async (id) => ({
      id,
      core: Number((await text(`cpu/cpu${id}/topology/core_id`)) || id),
      socket: Number((await text(`cpu/cpu${id}/topology/physical_package_id`)) || 0),
      node: nodeOf.get(id) ?? 0,
    })),
  );
  return { cpus, nodes: nodes.length > 0 ? nodes.sort((a, b) => a.id - b.id) : [{ id: 0, memoryBytes }] };
}
