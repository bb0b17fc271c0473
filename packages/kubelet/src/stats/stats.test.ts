import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { pod } from "@kubets/api/testing/pod-builder";
import { type Exposable, MetricsRegistry } from "@kubets/machinery/metrics";
import type { CgroupTree } from "../cgroups/cgroup-tree.ts";
import { podCgroups } from "../cgroups/pod-cgroups.ts";
import { simulatedMachine, simulatedNode } from "../testing/simulated-node.ts";
import { cadvisorMetrics } from "./cadvisor-metrics.ts";
import { readDetails, readMachineSwap } from "./cgroup-details.ts";
import { readUsage } from "./cgroup-usage.ts";
import { CpuRates } from "./cpu-rate.ts";
import { exposition } from "./exposition.ts";
import { parseInterfaces } from "./network-usage.ts";
import { type NodeReading, NodeStats } from "./node-stats.ts";
import { resourceMetrics } from "./resource-metrics.ts";
import { summaryOf } from "./summary.ts";
import { volumeMetrics } from "./volume-metrics.ts";
import { amountsOf } from "./volume-usage.ts";

async function withFiles(files: Readonly<Record<string, string>>, run: (root: string) => Promise<void>): Promise<void> {
  const root = await mkdtemp(join(tmpdir(), "kubets-cgroups-"));
  try {
    for (const [path, text] of Object.entries(files)) {
      await mkdir(dirname(join(root, path)), { recursive: true });
      await writeFile(join(root, path), text);
    }
    await run(root);
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

const textOf = (metrics: Exposable): string => [...metrics.expose("text")].join("");

test("usage of version 1 lies in a hierarchy for each controller", () =>
  withFiles(
    {
      "cpuacct/pods/cpuacct.usage": "123456789\n",
      "memory/pods/memory.usage_in_bytes": "1000\n",
      "memory/pods/memory.limit_in_bytes": "9223372036854771712\n",
      "memory/pods/memory.stat":
        "inactive_file 1\ntotal_inactive_file 300\ntotal_rss 500\ntotal_pgfault 7\ntotal_pgmajfault 2\n",
      "pids/pids.current": "3\n",
      "pids/pods/pids.current": "3\n",
    },
    async (root) => {
      assert.deepEqual(await readUsage("/pods", 1, 5, root), {
        timestamp: 5,
        cpuNanos: 123_456_789,
        memoryUsageBytes: 1000,
        memoryWorkingSetBytes: 700,
        memoryRssBytes: 500,
        pageFaults: 7,
        majorPageFaults: 2,
        processes: 3,
      });
    },
  ));

test("usage of version 2 lies in one place; what cannot be read is absent", () =>
  withFiles(
    {
      "pods/cpu.stat": "usage_usec 1500\nuser_usec 1000\n",
      "pods/memory.current": "1000\n",
      "pods/memory.max": "max\n",
      "pods/memory.stat": "anon 400\ninactive_file 2000\n",
    },
    async (root) => {
      assert.deepEqual(await readUsage("/pods", 2, 5, root), {
        timestamp: 5,
        cpuNanos: 1_500_000,
        memoryUsageBytes: 1000,
        memoryWorkingSetBytes: 0,
        memoryRssBytes: 400,
      });
      assert.deepEqual(await readUsage("/none", 2, 5, root), { timestamp: 5 });
    },
  ));

test("the root of version 2 uses what its pages hold", () =>
  withFiles(
    { "cpu.stat": "usage_usec 2\n", "memory.stat": "anon 400\nfile 500\ninactive_file 200\n" },
    async (root) => {
      assert.deepEqual(await readUsage("/", 2, 5, root), {
        timestamp: 5,
        cpuNanos: 2000,
        memoryUsageBytes: 900,
        memoryWorkingSetBytes: 700,
        memoryRssBytes: 400,
      });
    },
  ));

const PRESSURE =
  "some avg10=1.50 avg60=0.25 avg300=0.05 total=3000000\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=2000000\n";

test("waiting and swap as version 2 counts them, and the machine's swap", () =>
  withFiles(
    {
      "pods/cpu.pressure": PRESSURE,
      "pods/memory.swap.current": "4096\n",
      "pods/memory.swap.max": "max\n",
      meminfo: "MemTotal: 9 kB\nSwapTotal: 8 kB\nSwapFree: 5 kB\n",
    },
    async (root) => {
      const { cpu, io, ...swap } = await readDetails("/pods", root);
      assert.deepEqual(cpu?.some, { total: 3_000_000, avg10: 1.5, avg60: 0.25, avg300: 0.05 });
      assert.equal(cpu?.full.total, 2_000_000);
      assert.equal(io, undefined);
      assert.deepEqual(swap, { memory: undefined, swapBytes: 4096, swapLimitBytes: undefined });
      assert.deepEqual(await readMachineSwap(root), { swapBytes: 3 * 1024, swapLimitBytes: 8 * 1024 });
    },
  ));

test("containers are found in their pod's cgroup, whoever named them", () =>
  withFiles(
    {
      "kubepods/besteffort/podu/aaa/cpu.pressure": PRESSURE,
      "kubepods/besteffort/podu/cri-containerd-bbb.scope/memory.swap.current": "7\n",
    },
    async (root) => {
      const tree = { version: 2, pathOf: (parts: readonly string[]) => parts.join("/") } as CgroupTree;
      const cgroups = podCgroups({ tree, root: "/", mountpoint: root });
      const one = pod("a").uid("u").container("c", { image: "demo:1" }).build();
      const { containers } = await cgroups.details(one, ["aaa", "bbb", "ccc"]);
      assert.equal(containers.get("aaa")?.cpu?.some.total, 3_000_000);
      assert.equal(containers.get("bbb")?.swapBytes, 7);
      assert.deepEqual(containers.get("ccc"), {});
    },
  ));

test("a driver's words of a volume, and the claims on the page of metrics", () => {
  assert.equal(amountsOf([{ unit: 2, total: 1, used: 1, available: 0 }]), undefined);
  const amounts = amountsOf([{ unit: 1, total: 10n, used: 4, available: 6 }]);
  assert.deepEqual(amounts, { capacityBytes: 10, usedBytes: 4, availableBytes: 6 });
  const claim = { name: "data", namespace: "default" };
  const registry = new MetricsRegistry();
  const tell = volumeMetrics(registry);
  tell([{ name: "v", at: 0, claim, capacityBytes: 10, usedBytes: 4, availableBytes: 6 }]);
  const text = textOf(registry);
  const labels = '{namespace="default",persistentvolumeclaim="data"}';
  assert.match(text, new RegExp(`^kubelet_volume_stats_used_bytes${labels} 4$`, "m"));
  assert.doesNotMatch(text, /kubelet_volume_stats_inodes/);
  tell([]);
  assert.equal(textOf(registry), "");
});

test("a rate is the difference of two readings", () => {
  const rates = new CpuRates();
  assert.equal(rates.rate("a", { timestamp: 1000, cpuNanos: 5e8 }), undefined);
  assert.equal(rates.rate("a", { timestamp: 3000, cpuNanos: 15e8 }), 5e8);
  assert.equal(rates.rate("a", { timestamp: 3000, cpuNanos: 15e8 }), 5e8);
  rates.keep(new Set());
  assert.equal(rates.rate("a", { timestamp: 4000, cpuNanos: 16e8 }), undefined);
});

test("interfaces as the kernel lists them", () => {
  const table = "Inter-| Receive | Transmit\n face |bytes packets\n  eth0: 10 1 2 0 0 0 0 0 30 1 4 0 0 0 0 0\n";
  assert.deepEqual(parseInterfaces(table), [{ name: "eth0", rxBytes: 10, rxErrors: 2, txBytes: 30, txErrors: 4 }]);
});

test("figures are told as Prometheus reads them, without what is not known", () => {
  const told = exposition([
    {
      name: "a",
      kind: "gauge",
      help: "h",
      samples: [{ labels: { x: 'q"\n' }, value: 1, at: 2 }, { value: undefined }],
    },
    { name: "b", kind: "counter", help: "none", samples: [{ value: undefined }] },
  ]);
  assert.equal(textOf(told), '# HELP a h\n# TYPE a gauge\na{x="q\\"\\n"} 1 2\n');
  assert.match([...told.expose("openmetrics")].join(""), / 1 0\.002\n# EOF\n$/);
  const families = [...told.families()].map(({ name, messages }) => [name, ...messages()]);
  assert.deepEqual(families, [["a", { label: [{ name: "x", value: 'q"\n' }], gauge: { value: 1 }, timestampMs: 2 }]]);
});

test("a reading of a node with a pod, on every page", async () => {
  const node = await simulatedNode();
  try {
    await node.api.createPod(
      pod("a")
        .on("node-1")
        .uid("u")
        .container("c", { image: "demo:1" })
        .spec({ volumes: [{ name: "scratch", emptyDir: {} }] })
        .build(),
    );
    for (let i = 0; i < 50 && (await node.api.pod("a"))?.status.phase !== "Running"; i++) await node.clock.advance(100);
    const { tools, workers, volumeUsages } = node.kubelet;
    const scratch = "/var/lib/kubelet/pods/u/volumes/kubernetes.io~empty-dir/scratch";
    await node.disk.writeFile(`${scratch}/file`, "12345");
    const stats = new NodeStats(tools, () => workers.pods(), volumeUsages);
    const reading = await stats.read();
    const facts = { nodeName: "node-1", startedAt: 0, memoryBytes: 1000 };
    const summary = summaryOf(reading, facts) as {
      pods: {
        podRef: object;
        containers: { name: string }[];
        volume?: { name: string; usedBytes: number; inodesUsed: number; volumeHealthStats?: object }[];
      }[];
    };
    assert.deepEqual(summary.pods[0]?.podRef, { name: "a", namespace: "default", uid: "u" });
    assert.equal(summary.pods[0]?.containers[0]?.name, "c");
    const [volume] = summary.pods[0]?.volume ?? [];
    assert.deepEqual([volume?.name, volume?.usedBytes, volume?.inodesUsed], ["scratch", 5, 2]);
    const unwell = reading.pods.map((each) => ({ ...each, volumes: [{ ...each.volumes[0], abnormal: true }] }));
    const { pods } = summaryOf({ ...reading, pods: unwell } as NodeReading, facts) as typeof summary;
    assert.deepEqual(pods[0]?.volume?.[0]?.volumeHealthStats, { abnormal: true });
    assert.ok(volume && !("volumeHealthStats" in volume));
    await node.disk.writeFile(`${scratch}/file`, "1234567890");
    assert.equal((await stats.read()).pods[0]?.volumes[0]?.usedBytes, 5);
    await node.clock.advance(60_000);
    assert.equal((await stats.read()).pods[0]?.volumes[0]?.usedBytes, 10);
    const labels = '{container="c",namespace="default",pod="a"}';
    assert.match(
      textOf(resourceMetrics(reading)),
      new RegExp(`^container_cpu_usage_seconds_total${labels} 0 \\d+$`, "m"),
    );
    assert.match(textOf(cadvisorMetrics(reading, simulatedMachine)), /^machine_cpu_cores 4$/m);
    const waited = { avg10: 1, avg60: 2, avg300: 3, total: 1_500_000 };
    const details = { cpu: { full: waited, some: waited }, swapBytes: 10, swapLimitBytes: 30 };
    const pressed = { ...reading, details, pods: [{ ...reading.pods[0], details }] } as NodeReading;
    const { cpu, swap } =
      (summaryOf(pressed, facts, true) as { pods: Record<string, Record<string, unknown>>[] }).pods[0] ?? {};
    assert.deepEqual(cpu?.["psi"], details.cpu);
    assert.deepEqual([swap?.["swapUsageBytes"], swap?.["swapAvailableBytes"]], [10, 20]);
    const counted = /^container_pressure_cpu_waiting_seconds_total\{.*id="\/",.*\} 1\.5 \d+$/m;
    assert.match(textOf(cadvisorMetrics(pressed, simulatedMachine)), counted);
    assert.match(textOf(resourceMetrics(pressed)), /^pod_swap_usage_bytes\{namespace="default",pod="a"\} 10 \d+$/m);
  } finally {
    await node.stop();
  }
});
