/** What the kubelet says that a pod uses, beside what the kernel counts, the file system holds and the runtime says: within 2 %. Needs root. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { pod } from "@kubets/api/testing/pod-builder";
import { serveReadOnly } from "@kubets/kubelet/server/server";
import { RuntimeService } from "@kubets/wire/generated/cri";
import { grpcClient } from "@kubets/wire/grpc";
import type { Listener } from "@kubets/wire/http";
import { eventually } from "../cluster.ts";
import { DEMO_IMAGE, whyNot } from "./containerd.ts";
import { NODE, startNode, type TestNode } from "./node.ts";

const MIB = 2 ** 20;
const isV2 = existsSync("/sys/fs/cgroup/cgroup.controllers");
/** Holds memory, has used a processor and the network, wrote to its root and to its volume; then it sleeps. */
const SCRIPT = `
head -c ${20 * MIB} /dev/urandom > /in-root
head -c ${10 * MIB} /dev/urandom > /v/in-volume
i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done
httpd -p 8080 -h /v; for n in 1 2 3; do wget -qO /dev/null http://$ADDRESS:8080/in-volume; done
(head -c ${64 * MIB} /dev/zero; touch /tmp/ready; sleep 600) | tail`;

interface Amounts {
  readonly cpu: { readonly usageCoreNanoSeconds: number };
  readonly memory: { readonly usageBytes: number; readonly workingSetBytes: number; readonly rssBytes: number };
}
interface Summary {
  readonly node: Amounts;
  readonly pods: readonly (Amounts & {
    readonly network: { readonly rxBytes: number; readonly txBytes: number };
    readonly volume: readonly { readonly name: string; readonly usedBytes: number }[];
    readonly containers: readonly (Amounts & { readonly rootfs: { readonly usedBytes: number } })[];
  })[];
}

const near = (what: string, told: number, counted: number) =>
  assert.ok(Math.abs(told - counted) <= 0.02 * counted, `${what}: ${told} is told, ${counted} counted`);

describe("statistics on containerd", { skip: whyNot() ?? false }, () => {
  let node: TestNode;
  let listener: Listener;
  const uid = crypto.randomUUID();
  let container = "";

  before(async () => {
    node = await startNode();
    listener = await serveReadOnly(node.kubelet, 0, "127.0.0.1");
    await node.api.createPod(
      pod("busy")
        .on(NODE)
        .uid(uid)
        .container("c", {
          image: DEMO_IMAGE,
          imagePullPolicy: "IfNotPresent",
          command: ["sh", "-c", SCRIPT],
          env: [{ name: "ADDRESS", valueFrom: { fieldRef: { fieldPath: "status.podIP" } } }],
          volumeMounts: [{ name: "v", mountPath: "/v" }],
          readinessProbe: { exec: { command: ["test", "-f", "/tmp/ready"] }, periodSeconds: 1 },
        })
        .spec({ terminationGracePeriodSeconds: 0, volumes: [{ name: "v", emptyDir: {} }] })
        .build(),
    );
    await eventually("the pod to have done its work", async () => {
      const { conditions = [], containerStatuses = [] } = (await node.api.pod("busy"))?.status ?? {};
      container = containerStatuses[0]?.containerID?.replace("containerd://", "") ?? "";
      return conditions.find(({ type }) => type === "Ready")?.status === "True";
    });
  });
  after(async () => {
    await listener?.close(0);
    await node?.close();
  });

  const get = (path: string) =>
    new Promise<string>((resolve, reject) => {
      const sent = request({ host: "127.0.0.1", port: listener.port, path }, (response) => {
        let body = "";
        response.on("data", (chunk: Buffer) => (body += chunk));
        response.on("end", () => resolve(body));
      });
      sent.on("error", reject);
      sent.end();
    });
  const cgroupOf = (controller: string, name: string) =>
    execFileSync("find", [join("/sys/fs/cgroup", isV2 ? "" : controller, node.containerd.cgroupRoot), "-name", name])
      .toString()
      .trim()
      .split("\n")[0] as string;
  const counted = (controller: string, name: string, file: string) =>
    readFileSync(join(cgroupOf(controller, name), file), "utf8");
  const field = (text: string, name: string) => Number(new RegExp(`^${name} (\\d+)`, "m").exec(text)?.[1]);

  /** Of a cgroup, as the kernel counts it now. */
  const kernel = (name: string) => {
    const stat = counted("memory", name, "memory.stat");
    const usage = Number(counted("memory", name, isV2 ? "memory.current" : "memory.usage_in_bytes"));
    return {
      cpu: isV2
        ? field(counted("cpu", name, "cpu.stat"), "usage_usec") * 1000
        : Number(counted("cpuacct", name, "cpuacct.usage")),
      usage,
      workingSet: usage - field(stat, isV2 ? "inactive_file" : "total_inactive_file"),
      rss: field(stat, isV2 ? "anon" : "total_rss"),
    };
  };
  const summary = async () => JSON.parse(await get("/stats/summary")) as Summary;
  const compare = (what: string, { cpu, memory }: Amounts, name: string) => {
    const now = kernel(name);
    near(`${what}: CPU`, cpu.usageCoreNanoSeconds, now.cpu);
    near(`${what}: memory`, memory.usageBytes, now.usage);
    near(`${what}: working set`, memory.workingSetBytes, now.workingSet);
    near(`${what}: resident`, memory.rssBytes, now.rss);
  };

  it("tells of pods, containers and the node what their cgroups count", async () => {
    const { pods } = await eventually("a reading of the pod at rest", async () => {
      const found = await summary();
      return (found.pods[0]?.containers[0]?.memory.workingSetBytes ?? 0) > 64 * MIB && found;
    });
    const [busy] = pods;
    assert.ok(busy?.containers[0]);
    compare("container", busy.containers[0], container);
    compare("pod", busy, `pod${uid}`);
  });

  it("tells of files and the network what is there", async () => {
    const found = await eventually("the files to have been counted", async () => {
      const [busy] = (await summary()).pods;
      return (busy?.containers[0]?.rootfs.usedBytes ?? 0) >= 20 * MIB && (busy?.volume[0]?.usedBytes ?? 0) > 0 && busy;
    });
    near("root", found.containers[0]?.rootfs.usedBytes ?? 0, 20 * MIB);
    near("volume", found.volume.find(({ name }) => name === "v")?.usedBytes ?? 0, 10 * MIB);
    const [pid] = counted("memory", container, "cgroup.procs").split("\n");
    const devices = readFileSync(`/proc/${pid}/net/dev`, "utf8");
    const numbers = /eth0:(.*)/.exec(devices)?.[1]?.trim().split(/\s+/).map(Number) ?? [];
    near("received", found.network.rxBytes, numbers[0] ?? 0);
    near("sent", found.network.txBytes, numbers[8] ?? 0);
  });

  it("agrees with what the runtime says when it is asked", async () => {
    const client = grpcClient({ target: `unix://${node.containerd.socket}` });
    try {
      const { stats } = await client.unary(RuntimeService.containerStats, { containerId: container });
      const [busy] = (await summary()).pods;
      const told = busy?.containers[0];
      near("CPU", told?.cpu.usageCoreNanoSeconds ?? 0, Number(stats?.cpu?.usageCoreNanoSeconds?.value));
      near("working set", told?.memory.workingSetBytes ?? 0, Number(stats?.memory?.workingSetBytes?.value));
      near("root", told?.rootfs.usedBytes ?? 0, Number(stats?.writableLayer?.usedBytes?.value));
    } finally {
      client.close();
    }
  });

  it("says the same in each form", async () => {
    const [resource, cadvisor] = [await get("/metrics/resource"), await get("/metrics/cadvisor")];
    const value = (text: string, line: RegExp) => Number(line.exec(text)?.[1]);
    const { workingSet, cpu } = kernel(container);
    near("resource", value(resource, /^container_memory_working_set_bytes\{container="c".*\} (\S+)/m), workingSet);
    near("resource CPU", value(resource, /^container_cpu_usage_seconds_total\{container="c".*\} (\S+)/m), cpu / 1e9);
    near("cadvisor", value(cadvisor, /^container_memory_working_set_bytes\{container="c".*\} (\S+)/m), workingSet);
    await node.api.deletePod("busy", 0);
    await eventually("the pod to be gone", async () => (await node.api.pod("busy")) === undefined);
  });
});
