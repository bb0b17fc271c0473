/**
 * Controllers over the real API server in this process, on memory storage and the real clock, without nodes: pods made of one Deployment and of a
 * thousand, objects collected when their owner goes, a namespace emptied, and what ten thousand pods cost while nothing happens.
 *
 *   node bench/controllers.ts [--deployments 1000] [--pods 10] [--objects 10000] [--idle-seconds 10]
 */
import { configmaps, deployments, namespaces, pods } from "@kubets/api/generated/refs";
import type { KubeObject } from "@kubets/api/meta";
import type { ResourceRef } from "@kubets/api/resource-ref";
import { startControllers } from "@kubets/controllers/start-controllers";
import { realClock, realRandom, silentLogger } from "@kubets/machinery";
import { defineFlags, int, parseFlags } from "@kubets/machinery/flags";
import { startControlPlane } from "../e2e/controllers/control-plane.ts";

const flags = defineFlags({
  deployments: int({ help: "How many Deployments.", default: 1000 }),
  pods: int({ help: "How many pods each.", default: 10 }),
  objects: int({ help: "How many objects are collected.", default: 10_000 }),
  "idle-seconds": int({ help: "How long it is watched while nothing happens.", default: 10 }),
});
const { values } = parseFlags(flags, process.argv.slice(2));

const plane = await startControlPlane({ clock: realClock, random: realRandom, log: silentLogger });
const client = plane.clientAs("bench");
const stopping = new AbortController();
const running = startControllers({
  client,
  clientFor: (account) => plane.clientFor(account),
  clock: realClock,
  random: realRandom,
  log: silentLogger,
  signal: stopping.signal,
});
await running.started;

const template = { metadata: { labels: { app: "web" } }, spec: { containers: [{ name: "c", image: "a" }] } };
const deployment = (namespace: string, name: string, replicas: number) => ({
  metadata: { namespace, name },
  spec: { replicas, selector: { matchLabels: { app: "web" } }, template },
});

/** Waits until so many objects are there, by a watch; gives how long that took and what it cost. */
async function until<T extends KubeObject>(
  ref: ResourceRef<T>,
  namespace: string | undefined,
  count: number,
  act: () => Promise<unknown>,
) {
  const scope = namespace ? { namespace } : {};
  const { items, metadata } = await client.list(ref, scope);
  const { promise, resolve } = Promise.withResolvers<void>();
  let present = items.length;
  const watch = await client.watch(
    ref,
    { ...scope, resourceVersion: metadata.resourceVersion },
    {
      events(batch) {
        for (const { type } of batch) present += type === "ADDED" ? 1 : type === "DELETED" ? -1 : 0;
        if (present === count) resolve();
      },
      closed: () => {},
    },
  );
  const from = performance.now();
  const cpu = process.cpuUsage();
  await act();
  await promise;
  watch.stop();
  const { user, system } = process.cpuUsage(cpu);
  return { seconds: (performance.now() - from) / 1000, cpuMs: (user + system) / 1000 };
}

const row = (what: string, count: number, { seconds, cpuMs }: { seconds: number; cpuMs: number }) =>
  console.log(
    `${what.padEnd(58)} ${seconds.toFixed(2)} s, ${Math.round(count / seconds)}/s, ${(cpuMs / count).toFixed(3)} ms CPU each`,
  );
const newNamespace = async (name: string) => {
  await client.create(namespaces, { metadata: { name } });
  return name;
};

const one = await newNamespace("one");
const burst = Math.min(1000, values.deployments);
row(
  `pods of one Deployment of ${burst}`,
  burst,
  await until(pods, one, burst, () => client.create(deployments, deployment(one, "web", burst))),
);

const many = await newNamespace("many");
const total = values.deployments * values.pods;
row(
  `pods of ${values.deployments} Deployments of ${values.pods}`,
  total,
  await until(pods, many, total, async () => {
    for (let i = 0; i < values.deployments; i++)
      await client.create(deployments, deployment(many, `web-${i}`, values.pods));
  }),
);

const owned = await newNamespace("owned");
const owner = await client.create(configmaps, { metadata: { namespace: owned, name: "owner" } });
const ownerReferences = [{ apiVersion: "v1", kind: "ConfigMap", name: "owner", uid: owner.metadata.uid }];
for (let i = 0; i < values.objects; i++)
  await client.create(configmaps, { metadata: { namespace: owned, name: `owned-${i}`, ownerReferences } });
// The root authority's ConfigMap has no place here: no authority is told to the controllers.
row(
  `objects collected, ${values.objects} of one owner`,
  values.objects,
  await until(configmaps, owned, 0, () => client.delete(configmaps, { namespace: owned, name: "owner" })),
);

const full = await newNamespace("full");
for (let i = 0; i < values.objects; i++)
  await client.create(configmaps, { metadata: { namespace: full, name: `c-${i}` } });
const before = (await client.list(namespaces)).items.length;
row(
  `a namespace of ${values.objects} objects deleted`,
  values.objects,
  await until(namespaces, undefined, before - 1, () => client.delete(namespaces, { name: full })),
);
const cpu = process.cpuUsage();
const from = performance.now();
await new Promise((resolve) => setTimeout(resolve, values["idle-seconds"] * 1000));
const { user, system } = process.cpuUsage(cpu);
console.log(
  `${`idle, ${total + burst} pods`.padEnd(58)} ${((user + system) / (performance.now() - from)).toFixed(1)} ms CPU a second`,
);
stopping.abort();
await plane.close();
process.exit();
