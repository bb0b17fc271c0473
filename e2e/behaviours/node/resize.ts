/** Pods that are given other resources while they run: seen in the status, and by the containers in their cgroups. */
import assert from "node:assert/strict";
import { pods } from "@kubets/api/generated/refs";
import type { Pod, ResourceRequirements } from "@kubets/api/generated/types/core-v1";
import { parseQuantity } from "@kubets/machinery/quantity";
import { behaviour } from "../behaviour.ts";
import type { BehaviourContext } from "../context.ts";
import { container } from "../objects.ts";
import { createPod } from "../output.ts";

type Amounts = Readonly<Record<string, ResourceRequirements>>;

const both = (cpu: string, memory: string): ResourceRequirements => {
  const amounts = { cpu, memory };
  return { requests: amounts, limits: amounts };
};

async function make(t: BehaviourContext, amounts: Amounts): Promise<void> {
  const containers = Object.entries(amounts).map(([name, resources]) => ({
    ...container("sleep 600"),
    name,
    resources,
  }));
  await createPod(t, { metadata: { name: "it" }, spec: { terminationGracePeriodSeconds: 0, containers } });
  await t.podReady("it");
}

const pathOf = (t: BehaviourContext, rest = "") => `/api/v1/namespaces/${t.namespace}/pods/it${rest}`;

async function patch(t: BehaviourContext, amounts: Amounts): Promise<void> {
  const containers = Object.entries(amounts).map(([name, resources]) => ({ name, resources }));
  const type = { "content-type": "application/strategic-merge-patch+json" };
  const { status, text } = await t.request("PATCH", pathOf(t, "/resize"), { spec: { containers } }, type);
  assert.equal(status, 200, text);
}

const same = (a: ResourceRequirements = {}, b: ResourceRequirements = {}): boolean =>
  (["requests", "limits"] as const).every((kind) => {
    const [one, two] = [a[kind] ?? {}, b[kind] ?? {}];
    return [...new Set([...Object.keys(one), ...Object.keys(two)])].every(
      (name) => one[name] && two[name] && parseQuantity(one[name]).equals(parseQuantity(two[name])),
    );
  });

/** The status and the cgroups show it, nothing was restarted, and no condition speaks of a resize any more. */
async function untilResized(t: BehaviourContext, wanted: Amounts): Promise<Pod> {
  const found = await t.until(pods, "it", "the new resources", (pod) => {
    const statuses = pod?.status.containerStatuses ?? [];
    const settled = !pod?.status.conditions?.some(({ type }) => type.startsWith("PodResize"));
    return settled && statuses.every(({ name, resources }) => same(resources, wanted[name]));
  });
  for (const { name, restartCount } of found.status.containerStatuses ?? []) {
    assert.equal(restartCount, 0, `${name} was restarted`);
    await inCgroup(t, name, wanted[name] ?? {});
  }
  return found;
}

/** Of version 1 or 2, whichever the container has. */
const LIMITS = `if [ -f /sys/fs/cgroup/memory.max ]; then cat /sys/fs/cgroup/memory.max; cut -d' ' -f1 /sys/fs/cgroup/cpu.max
else cat /sys/fs/cgroup/memory/memory.limit_in_bytes; cat /sys/fs/cgroup/cpu/cpu.cfs_quota_us; fi`;

async function inCgroup(t: BehaviourContext, name: string, { limits }: ResourceRequirements): Promise<void> {
  const [memory, cpu] = (await t.exec("it", ["sh", "-c", LIMITS], { container: name })).trim().split("\n");
  if (limits?.memory) assert.equal(memory, String(parseQuantity(limits.memory).value()), `memory of ${name}`);
  // A limit below 10 ms of 100 is kept at what the kernel takes least.
  const milli = limits?.cpu ? parseQuantity(limits.cpu).milliValue() : undefined;
  if (milli !== undefined) assert.equal(cpu, String(Math.max(1000, milli * 100)), `cpu of ${name}`);
}

const RESIZE = "[sig-node] Pod InPlace Resize Container";
const TAGS = "[MinimumKubeletVersion:1.34] [Conformance]";
const resize = (words: string, run: (t: BehaviourContext) => Promise<void>) =>
  behaviour(`${RESIZE} ${words} ${TAGS}`, { on: "containers" }, run);

const THREE = { c1: both("100m", "100Mi"), c2: both("200m", "200Mi"), c3: both("300m", "300Mi") };

resize(
  "guaranteed pods with multiple containers 3 containers - increase cpu & mem on c1, c2, decrease cpu & mem on c3 - net increase",
  async (t) => {
    await make(t, THREE);
    const wanted = { c1: both("140m", "150Mi"), c2: both("250m", "250Mi"), c3: both("250m", "250Mi") };
    await patch(t, wanted);
    await untilResized(t, wanted);
  },
);

resize(
  "guaranteed pods with multiple containers 3 containers - increase: CPU (c1,c3), memory (c2, c3) ; decrease: CPU (c2)",
  async (t) => {
    await make(t, THREE);
    const wanted = { c1: both("150m", "100Mi"), c2: both("150m", "250Mi"), c3: both("350m", "350Mi") };
    await patch(t, wanted);
    await untilResized(t, wanted);
  },
);

resize(
  "burstable pods - extended 6 containers - various operations performed (including adding limits and requests)",
  async (t) => {
    const requests = { cpu: "20m", memory: "20Mi" };
    const limits = { cpu: "40m", memory: "40Mi" };
    await make(t, {
      c1: {},
      c2: {},
      c3: { requests },
      c4: { requests },
      c5: { requests, limits },
      c6: { requests, limits },
    });
    const wanted = {
      c1: { requests },
      c2: { requests, limits },
      c3: { requests: { cpu: "25m", memory: "25Mi" } },
      c4: { requests, limits },
      c5: { requests: { cpu: "15m", memory: "25Mi" }, limits: { cpu: "50m", memory: "50Mi" } },
      c6: { requests: { cpu: "30m", memory: "30Mi" }, limits: { cpu: "35m", memory: "45Mi" } },
    };
    await patch(t, wanted);
    await untilResized(t, wanted);
  },
);

resize("burstable pods - extended resize with equivalents", async (t) => {
  await make(t, { c1: { requests: { cpu: "2m" }, limits: { cpu: "10m" } } });
  const wanted = { c1: { requests: { cpu: "1m" }, limits: { cpu: "5m" } } };
  await patch(t, wanted);
  await untilResized(t, wanted);
});

resize("resize pod via the replace endpoint", async (t) => {
  await make(t, { c1: both("100m", "100Mi") });
  const wanted = { c1: both("150m", "150Mi") };
  const { json } = await t.request("GET", pathOf(t, "/resize"));
  json.spec.containers[0].resources = wanted.c1;
  const put = await t.request("PUT", pathOf(t, "/resize"), json);
  assert.equal(put.status, 200, put.text);
  await untilResized(t, wanted);
  const [whole, part] = [await t.request("GET", pathOf(t)), await t.request("GET", pathOf(t, "/resize"))];
  assert.deepEqual(part.json, whole.json);
});
