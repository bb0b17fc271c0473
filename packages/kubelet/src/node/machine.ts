/** What the machine is: cores, memory, names. Read once. */
import { readdir, readFile, statfs } from "node:fs/promises";
import { arch, availableParallelism, release, totalmem } from "node:os";
import { Quantity } from "@kubets/machinery/quantity";

export interface MachineFacts {
  readonly cpuMilli: number;
  readonly memoryBytes: number;
  /** Nothing when it does not swap. */
  readonly swapBytes?: number;
  readonly diskBytes: number;
  readonly machineId: string;
  readonly systemUuid: string;
  readonly bootId: string;
  readonly kernelVersion: string;
  readonly osImage: string;
  readonly architecture: string;
  /** Bytes set aside in pages of each size, by the resource's name: hugepages-2Mi. */
  readonly hugePages?: Readonly<Record<string, number>>;
}

const ARCHITECTURES: Readonly<Record<string, string>> = {
  x64: "amd64",
  ia32: "386",
  arm64: "arm64",
  arm: "arm",
  ppc64: "ppc64le",
};

export async function readMachine(dataFolder: string): Promise<MachineFacts> {
  const text = async (path: string) => (await readFile(path, "utf8").catch(() => "")).trim();
  const [machineId, uuid, bootId, osRelease, disk] = await Promise.all([
    text("/etc/machine-id"),
    text("/sys/class/dmi/id/product_uuid"),
    text("/proc/sys/kernel/random/boot_id"),
    text("/etc/os-release"),
    statfs(dataFolder).catch(() => undefined),
  ]);
  const memory = totalmem();
  return {
    cpuMilli: availableParallelism() * 1000,
    memoryBytes: Math.min(memory, (await cgroupMemoryLimit()) ?? memory),
    swapBytes: Number(/^SwapTotal:\s*(\d+) kB$/m.exec(await text("/proc/meminfo"))?.[1] ?? 0) * 1024,
    diskBytes: disk ? disk.bsize * disk.blocks : 0,
    machineId,
    systemUuid: uuid || machineId,
    bootId,
    kernelVersion: release(),
    osImage: /^PRETTY_NAME="?(.*?)"?$/m.exec(osRelease)?.[1] ?? "Linux",
    architecture: ARCHITECTURES[arch()] ?? arch(),
    hugePages: await hugePages(),
  };
}

const HUGE_PAGES = "/sys/kernel/mm/hugepages";

async function hugePages(): Promise<Record<string, number>> {
  const found: Record<string, number> = {};
  for (const name of await readdir(HUGE_PAGES).catch(() => [])) {
    const bytes = Number(/^hugepages-(\d+)kB$/.exec(name)?.[1] ?? 0) * 1024;
    const count = Number(await readFile(`${HUGE_PAGES}/${name}/nr_hugepages`, "utf8").catch(() => "0"));
    if (bytes > 0) found[`hugepages-${new Quantity(bytes, 0, "BinarySI").toString()}`] = bytes * count;
  }
  return found;
}

async function cgroupMemoryLimit(): Promise<number | undefined> {
  for (const path of ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"]) {
    const limit = Number(await readFile(path, "utf8").catch(() => ""));
    if (Number.isFinite(limit) && limit > 0 && limit < 2 ** 60) return limit;
  }
  return undefined;
}
