import assert from "node:assert/strict";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { pod } from "@kubets/api/testing/pod-builder";
import { silentLogger } from "@kubets/machinery";
import { kubeletDefaults } from "../config.ts";
import { withSimulatedNode } from "../testing/simulated-node.ts";
import { cgroupfs } from "./cgroupfs.ts";
import { enforced, memoryReserve } from "./layout.ts";
import { noCgroups, podCgroups } from "./pod-cgroups.ts";
import { podSettings } from "./settings.ts";
import { systemdSlices } from "./systemd-slices.ts";

const both = (cpu: string, memory: string) => ({ requests: { cpu, memory }, limits: { cpu, memory } });
const guaranteed = pod("g")
  .uid("u-g")
  .container("c", { resources: both("500m", "64Mi") })
  .build();
const burstable = (name: string, cpu: string) =>
  pod(name)
    .uid(`u-${name}`)
    .container("c", { resources: { requests: { cpu } } })
    .build();
const bestEffort = pod("e").uid("u-e").container("c", {}).build();

/** A folder in place of the kernel's hierarchies. */
async function hierarchy(t: { after(work: () => Promise<void>): void }, version: 1 | 2): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "kubets-cgroups-"));
  t.after(() => rm(folder, { recursive: true }));
  if (version === 2) await writeFile(join(folder, "cgroup.controllers"), "cpu memory pids\n");
  else for (const controller of ["cpu", "memory", "pids"]) await mkdir(join(folder, controller));
  return folder;
}

test("pods and their classes get their parts, in files of version 2", async (t) => {
  const mountpoint = await hierarchy(t, 2);
  const tree = cgroupfs(silentLogger, mountpoint);
  const cgroups = podCgroups({ tree, root: "/node", pidsLimit: 100, cpuPeriodUs: 10_000, mountpoint });
  const read = async (path: string) => (await readFile(join(mountpoint, "node/kubepods", path), "utf8")).trim();
  await cgroups.hold([[["node", "kubepods"], { cpuShares: 2048, memoryBytes: 2 ** 30 }]]);
  assert.deepEqual([await read("cpu.weight"), await read("memory.max")], ["79", String(2 ** 30)]);
  const all = [guaranteed, burstable("a", "1"), burstable("b", "500m"), bestEffort];
  await cgroups.weigh(all);
  for (const each of all) await cgroups.ensure(each);
  assert.equal(await read("podu-g/cpu.max"), "5000 10000");
  assert.equal(await read("podu-g/memory.max"), String(64 * 2 ** 20));
  assert.equal(await read("podu-g/pids.max"), "100");
  await cgroups.ensure(guaranteed, true);
  assert.equal(await read("podu-g/cpu.max"), "max 100000");
  assert.equal(await read("burstable/podu-a/cpu.max"), "max 100000");
  assert.equal(await read("burstable/podu-a/memory.max"), "max");
  assert.equal(await read("burstable/cpu.weight"), "59");
  assert.equal(await read("besteffort/cpu.weight"), "1");
  await cgroups.weigh([burstable("a", "2"), burstable("b", "500m")]);
  assert.equal(await read("burstable/cpu.weight"), "98");
  await cgroups.weigh([burstable("b", "500m")]);
  assert.equal(await read("burstable/cpu.weight"), "20");
  assert.equal(cgroups.parentOf(bestEffort), "/node/kubepods/besteffort/podu-e");
});

test("what pods asked for of memory is kept for them by their class, and not any more when nothing is to be kept", async (t) => {
  const mountpoint = await hierarchy(t, 2);
  const tree = cgroupfs(silentLogger, mountpoint);
  const asking = pod("b")
    .uid("u-b")
    .container("c", { resources: { requests: { memory: "32Mi" } } })
    .build();
  const read = async (path: string) => {
    const text = async (file: string) => (await readFile(join(mountpoint, "kubepods", path, file), "utf8")).trim();
    return [await text("memory.min"), await text("memory.low")].map((bytes) => Number(bytes) / 2 ** 20);
  };
  for (const [keepsMemory, one] of [
    [true, 1],
    [false, 0],
  ] as const) {
    const cgroups = podCgroups({ tree, root: "", mountpoint, keepsMemory });
    await cgroups.hold([[["kubepods"], { cpuShares: 2048, memoryBytes: 2 ** 30 }]]);
    await cgroups.weigh([guaranteed, asking, bestEffort]);
    for (const each of [guaranteed, asking, bestEffort]) await cgroups.ensure(each);
    assert.deepEqual(await read(""), [96 * one, 0]);
    assert.deepEqual(await read("burstable"), [0, 32 * one]);
    assert.deepEqual(await read("podu-g"), [64 * one, 0]);
    assert.deepEqual(await read("burstable/podu-b"), [0, 32 * one]);
    assert.deepEqual(await read("besteffort/podu-e"), [0, 0]);
    assert.equal((await readFile(join(mountpoint, "kubepods/memory.max"), "utf8")).trim(), String(2 ** 30));
  }
  await assert.rejects(readFile(join(mountpoint, "kubepods/besteffort/memory.min")));
});

test("in version 1 each controller has its own", async (t) => {
  const mountpoint = await hierarchy(t, 1);
  const cgroups = podCgroups({ tree: cgroupfs(silentLogger, mountpoint), root: "", cpuPeriodUs: 100_000, mountpoint });
  await cgroups.ensure(guaranteed);
  const read = async (path: string) => (await readFile(join(mountpoint, path), "utf8")).trim();
  assert.equal(await read("cpu/kubepods/podu-g/cpu.shares"), "512");
  assert.equal(await read("cpu/kubepods/podu-g/cpu.cfs_quota_us"), "50000");
  assert.equal(await read("memory/kubepods/podu-g/memory.limit_in_bytes"), String(64 * 2 ** 20));
  assert.equal(await read("pids/kubepods/podu-g/pids.max"), "max");
  assert.deepEqual((await readdir(mountpoint)).sort(), ["cpu", "memory", "pids"]);
  // As the kernel does, which removes the files of a cgroup with it.
  for (const name of ["cpu.shares", "cpu.cfs_period_us", "cpu.cfs_quota_us"])
    await rm(join(mountpoint, "cpu/kubepods/podu-g", name));
  await mkdir(join(mountpoint, "unified/kubepods/podu-g/container"), { recursive: true });
  await cgroups.remove(guaranteed);
  assert.deepEqual(await readdir(join(mountpoint, "unified/kubepods")), []);
  assert.deepEqual(await readdir(join(mountpoint, "cpu/kubepods")), []);
});

test("a pod's own limits count before those of its containers", () => {
  const resources = { limits: { cpu: "1", memory: "100Mi" }, requests: { cpu: "300m" } };
  const limited = pod("p").container("c", {}).spec({ resources }).build();
  const [cpuShares, memoryBytes] = [307, 100 * 2 ** 20];
  assert.deepEqual(podSettings(limited, {}), { cpuShares, memoryBytes });
  const cpu = { quotaUs: 50_000, periodUs: 50_000 };
  assert.deepEqual(podSettings(limited, { cpuPeriodUs: 50_000 }), { cpuShares, cpu, memoryBytes });
});

test("systemd is asked for slices, and once more for those that are there", async () => {
  const asked: string[][] = [];
  const present = new Set(["node_1-kubepods-podu_g.slice"]);
  const exec = {
    async run(argv: readonly string[]) {
      const [method = "", , name = ""] = argv.slice(6);
      asked.push([method, ...argv.slice(8)]);
      if (method === "StartTransientUnit" && present.has(name)) throw new Error(`Unit ${name} was already loaded`);
      return { stdout: Buffer.alloc(0) };
    },
  };
  const cgroups = podCgroups({ tree: systemdSlices(exec, 2), root: "/node-1", cpuPeriodUs: 100_000 });
  assert.equal(cgroups.parentOf(burstable("a", "1")), "node_1-kubepods-burstable-podu_a.slice");
  await cgroups.ensure(guaranteed);
  const [start, set] = asked;
  assert.deepEqual(start?.slice(0, 3), ["StartTransientUnit", "node_1-kubepods-podu_g.slice", "fail"]);
  const cpu = "CPUWeight t 20 CPUQuotaPerSecUSec t 500000 CPUQuotaPeriodUSec t 100000";
  const wanted = `${cpu} MemoryMax t 67108864 TasksMax t 18446744073709551615`;
  assert.equal(set?.join(" "), `SetUnitProperties node_1-kubepods-podu_g.slice true 5 ${wanted}`);
  await podCgroups({ tree: systemdSlices(exec, 2), root: "/node-1", keepsMemory: true }).ensure(guaranteed);
  assert.match(asked.at(-1)?.join(" ") ?? "", /TasksMax t 18446744073709551615 MemoryMin t 67108864 MemoryLow t 0$/);
  await cgroups.remove(guaranteed);
  assert.deepEqual(asked.at(-1), ["StopUnit", "node_1-kubepods-podu_g.slice", "replace"]);
});

test("what is reserved is not the pods'", () => {
  const amounts = { systemReserved: { cpu: "500m", memory: "1Gi", pid: "100" }, kubeReserved: { cpu: "100m" } };
  const reserved = { cpu: "600m", memory: "1Gi" };
  const file = { ...kubeletDefaults.file, ...amounts, systemReservedCgroup: "/system", kubeReservedCgroup: "/kube" };
  const machine = { cpuMilli: 2000, memoryBytes: 4 * 2 ** 30 };
  const of = (...what: string[]) =>
    enforced({ cgroupRoot: "/", reserved, file: { ...file, enforceNodeAllocatable: what } }, machine);
  assert.deepEqual(of("none"), []);
  assert.deepEqual(of("pods"), [[["kubepods"], { cpuShares: 1433, memoryBytes: 3 * 2 ** 30 }]]);
  assert.deepEqual(of("system-reserved", "kube-reserved"), [
    [["system"], { cpuShares: 512, memoryBytes: 2 ** 30, pids: 100 }],
    [["kube"], { cpuShares: 102 }],
  ]);
});

const GIB = 2 ** 30;
const RESERVING = {
  ...kubeletDefaults,
  reserved: { memory: "1Gi" },
  file: { ...kubeletDefaults.file, qosReserved: { memory: "50%" }, featureGates: { QOSReserved: true } },
};

test("memory is kept for pods of higher classes, and nobody is held to less than is used", async (t) => {
  assert.equal(
    memoryReserve({ ...RESERVING, file: { ...RESERVING.file, featureGates: {} } }, { memoryBytes: 1 }),
    undefined,
  );
  const mountpoint = await hierarchy(t, 2);
  const cgroups = podCgroups({
    tree: cgroupfs(silentLogger, mountpoint),
    root: "",
    mountpoint,
    memoryReserve: memoryReserve(RESERVING, { memoryBytes: 5 * GIB }),
  });
  const at = (path: string) => join(mountpoint, "kubepods", path);
  const limitOf = async (tier: string) => Number(await readFile(at(`${tier}/memory.max`), "utf8"));
  const asking = (name: string, memory: string) =>
    pod(name)
      .uid(name)
      .container("c", { resources: { requests: { memory } } })
      .build();
  const higher = pod("g")
    .uid("g")
    .container("c", { resources: both("1", "2Gi") })
    .build();
  await cgroups.weigh([higher, asking("b", "1Gi"), bestEffort]);
  assert.deepEqual([await limitOf("burstable"), await limitOf("besteffort")], [3 * GIB, 2.5 * GIB]);
  await cgroups.weigh([asking("b", "1Gi")]);
  assert.deepEqual([await limitOf("burstable"), await limitOf("besteffort")], [4 * GIB, 3.5 * GIB]);
  await writeFile(at("besteffort/memory.current"), `${3 * GIB}\n`);
  await cgroups.weigh([higher, asking("b", "1Gi"), bestEffort]);
  assert.equal(await limitOf("besteffort"), 3 * GIB);
  await writeFile(at("besteffort/memory.current"), "0\n");
  await cgroups.weigh([higher, asking("b", "1Gi"), bestEffort]);
  assert.equal(await limitOf("besteffort"), 2.5 * GIB);
  await cgroups.weigh([higher, asking("b", "16Gi")]);
  assert.equal(await limitOf("besteffort"), 4096);
});

test("what is kept for higher classes is looked at again and again", async () => {
  let weighed = 0;
  const cgroups = {
    ...noCgroups,
    weigh: async () => {
      weighed++;
    },
  };
  for (const [config, times] of [
    [RESERVING, 2],
    [kubeletDefaults, 0],
  ] as const)
    await withSimulatedNode({ config, cgroups }, async ({ clock }) => {
      weighed = 0;
      await clock.advance(120_000);
      assert.equal(weighed, times);
    });
});
