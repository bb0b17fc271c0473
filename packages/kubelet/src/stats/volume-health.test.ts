/** Volumes that are not well: what a driver says over its socket, and who hears of it. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { nodes } from "@kubets/api/generated/refs";
import { pod } from "@kubets/api/testing/pod-builder";
import { realClock, silentLogger } from "@kubets/machinery";
import { MetricsRegistry } from "@kubets/machinery/metrics";
import { grpcServer, serve } from "@kubets/wire/grpc";
import { kubeletDefaults } from "../config.ts";
import { CsiVolumes, type CsiVolumesOptions } from "../csi/csi-volumes.ts";
import { CsiDrivers } from "../csi/drivers.ts";
import * as csi from "../csi/messages.ts";
import { writeVolumeData } from "../csi/volume-data.ts";
import { CSI_PLUGIN } from "../csi/volume-places.ts";
import { MemoryDisk } from "../disk/memory-disk.ts";
import { volumeFolder } from "../paths.ts";
import { NodeApi } from "../testing/node-api.ts";
import { withSimulatedNode } from "../testing/simulated-node.ts";
import { volumeMetrics } from "./volume-metrics.ts";
import { VolumeUsages } from "./volume-usage.ts";

const DRIVER = "driver.example.com";
const USAGE = [{ unit: csi.UNIT.bytes, total: 10, available: 6, used: 4 }];
const unused = async (): Promise<never> => Promise.reject(new Error("nobody asks for this"));

/** The volumes of a kubelet that has this driver, over its socket. */
async function withDriver(
  capabilities: readonly (keyof typeof csi.CAPABILITY)[],
  run: (volumes: CsiVolumes, disk: MemoryDisk) => Promise<void>,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "kubets-health-"));
  const endpoint = join(folder, "csi.sock");
  const server = await grpcServer({
    listen: `unix:${endpoint}`,
    services: [
      serve(csi.Node, {
        capabilities: async () => ({
          capabilities: capabilities.map((name) => ({ rpc: { type: csi.CAPABILITY[name] } })),
        }),
        info: async () => ({ nodeId: "n", maxVolumesPerNode: 0 }),
        stats: async ({ volumeId }) => ({
          usage: USAGE,
          ...(volumeId === "bad" && { volumeCondition: { abnormal: true, message: "the disk hums" } }),
        }),
        publish: unused,
        unpublish: unused,
        stage: unused,
        unstage: unused,
        expand: unused,
      }),
    ],
  });
  const { client } = new NodeApi(realClock);
  await client.create(nodes, { metadata: { name: "n" } });
  const drivers = new CsiDrivers({ client, nodeName: "n", log: silentLogger });
  const disk = new MemoryDisk();
  try {
    await drivers.register({ name: DRIVER, endpoint, versions: ["1.0.0"] });
    await run(new CsiVolumes({ drivers, disk, paths: PATHS } as unknown as CsiVolumesOptions), disk);
  } finally {
    await drivers.unregister({ name: DRIVER, endpoint, versions: [] });
    await server.close();
    rmSync(folder, { recursive: true });
  }
}

const PATHS = { root: "/kubelet", podLogs: "/logs" };

for (const [told, capabilities, hears] of [
  [{ good: false, bad: true }, ["stats", "condition"], true],
  [{}, ["stats"], true],
  [{}, ["stats", "condition"], false],
] as const)
  test(`a driver that can ${capabilities.join(" and ")} is ${hears ? "" : "not "}asked how its volumes are`, async () => {
    const claimed = pod("a")
      .uid("u")
      .spec({
        volumes: ["good", "bad"].map((name) => ({ name, persistentVolumeClaim: { claimName: `${name}-claim` } })),
      })
      .build();
    await withDriver(capabilities, async (volumes, disk) => {
      for (const name of ["good", "bad"]) {
        const folder = volumeFolder(PATHS, "u", CSI_PLUGIN, `pv-${name}`);
        await disk.makeFolder(folder);
        await writeVolumeData(disk, folder, {
          driverName: DRIVER,
          volumeHandle: name,
          specVolID: `pv-${name}`,
          nodeName: "n",
          volumeLifecycleMode: "Persistent",
        });
      }
      const heard: string[] = [];
      const tools = {
        disk,
        paths: PATHS,
        clock: realClock,
        volumes: {
          persistentOf: (_: string, claim: string) => `pv-${claim.replace("-claim", "")}`,
          driverStats: (uid: string, name: string) => volumes.stats(uid, name),
        },
      } as unknown as ConstructorParameters<typeof VolumeUsages>[0];
      const usages = new VolumeUsages(tools, {
        periodMs: 60_000,
        ...(hears && {
          abnormal: ({ metadata }, volume, message) => heard.push(`${metadata.name} ${volume}: ${message}`),
        }),
      });
      const readings = await usages.of(claimed);
      assert.deepEqual(
        readings.map(({ name, usedBytes }) => [name, usedBytes]),
        [
          ["good", 4],
          ["bad", 4],
        ],
      );
      const known = readings.flatMap(({ name, abnormal }) => (abnormal === undefined ? [] : [[name, abnormal]]));
      assert.deepEqual(Object.fromEntries(known), told);
      assert.deepEqual(heard, "bad" in told ? ["a bad: the disk hums"] : []);
      const registry = new MetricsRegistry();
      volumeMetrics(registry)(readings);
      const text = [...registry.expose("text")].join("");
      const lines = text.match(/^kubelet_volume_stats_health_status_abnormal.*$/gm) ?? [];
      const line = (name: string, value: number) =>
        `kubelet_volume_stats_health_status_abnormal{namespace="default",persistentvolumeclaim="${name}-claim"} ${value}`;
      assert.deepEqual(lines, "bad" in told ? [line("good", 0), line("bad", 1)] : []);
    });
  });

for (const opened of [true, false])
  test(`a pod ${opened ? "is" : "is not"} told that its volume is not well, though nobody asks for figures`, () => {
    const file = { ...kubeletDefaults.file, featureGates: { CSIVolumeHealth: opened } };
    return withSimulatedNode({ config: { file } }, async (node) => {
      const { tools, volumeUsages } = node.kubelet;
      const condition = { abnormal: true, message: "the disk hums" };
      tools.volumes.driverStats = async () => ({ usage: USAGE, condition });
      const made = pod("a")
        .on("node-1")
        .uid("u")
        .container("c", { image: "demo:1" })
        .spec({ volumes: [{ name: "data", csi: { driver: DRIVER } }] })
        .build();
      await node.api.createPod(made);
      await node.clock.advance(60_000);
      const text = "VolumeConditionAbnormal: Volume data: the disk hums";
      assert.equal(node.api.events("a").includes(text), opened);
      const [reading] = await volumeUsages.of(made);
      assert.equal(reading?.abnormal, opened ? true : undefined);
    });
  });
