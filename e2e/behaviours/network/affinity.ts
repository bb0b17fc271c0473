/** Session affinity: a client stays with one pod of a service when it is asked for, and is spread over all when not. */
import assert from "node:assert/strict";
import { deployments, pods, services } from "@kubets/api/generated/refs";
import type { Service } from "@kubets/api/generated/types/core-v1";
import { behaviour } from "../behaviour.ts";
import type { BehaviourContext } from "../context.ts";
import { workload } from "../objects.ts";
import { IMAGES } from "../test-image.ts";
import { type Asker, asker, nodeAddresses } from "./asking.ts";

const REPLICAS = 3;
const TRIES = 12;

interface Served {
  readonly asks: Asker;
  /** Every host and port at which the service must be reached. */
  readonly places: readonly (readonly [string, number])[];
  readonly names: readonly string[];
  affinity(sessionAffinity: "ClientIP" | "None"): Promise<Service>;
}

async function serve(t: BehaviourContext, type: "ClusterIP" | "NodePort"): Promise<Served> {
  const { client, namespace } = t;
  const key = { namespace, name: "sticky" };
  const { spec } = await client.create(services, {
    metadata: key,
    spec: { type, sessionAffinity: "ClientIP", selector: { app: "sticky" }, ports: [{ port: 80, targetPort: 8080 }] },
  });
  const nodePort = spec.ports?.[0]?.nodePort;
  assert.ok(spec.clusterIP, "a ClusterIP");
  assert.equal(nodePort !== undefined && nodePort > 0, type === "NodePort");
  const containers = [{ name: "c", image: IMAGES.demo }];
  const made = workload("sticky", REPLICAS);
  await client.create(deployments, {
    metadata: key,
    spec: {
      ...made.spec,
      template: { ...made.spec.template, spec: { terminationGracePeriodSeconds: 1, containers } },
    },
  });
  const asks = await asker(t);
  await t.until(deployments, "sticky", "its pods", (it) => it?.status?.readyReplicas === REPLICAS);
  const { items } = await client.list(pods, { namespace, labelSelector: "app=sticky" });
  const places: [string, number][] = [
    ["sticky", 80],
    [spec.clusterIP, 80],
  ];
  if (nodePort) for (const address of await nodeAddresses(t)) places.push([address, nodePort]);
  return {
    asks,
    places,
    names: items.map(({ metadata }) => metadata.name),
    affinity: (sessionAffinity) =>
      client.patch(services, key, {
        type: "merge",
        body: { spec: { sessionAffinity, sessionAffinityConfig: null } },
      }),
  };
}

/** Who answers to many requests, one after the other; "" is among them when nobody answers one. */
async function answers({ asks, names }: Served, [host, port]: readonly [string, number]): Promise<Set<string>> {
  const lines = (await asks.http(host, port, TRIES)).split("\n");
  const seen = new Set(lines.length === TRIES ? lines : [""]);
  for (const name of seen) assert.ok(name === "" || names.includes(name), `${host}:${port} answered ${name}`);
  return seen;
}

/** Right after a change, nodes may still do as before: then all is tried again. */
async function isSticky(t: BehaviourContext, served: Served): Promise<void> {
  for (const place of served.places)
    await t.eventually(`always the same pod at ${place.join(":")}`, async () => {
      const seen = await answers(served, place);
      return seen.size === 1 && !seen.has("");
    });
}

async function isSpread(t: BehaviourContext, served: Served): Promise<void> {
  for (const place of served.places)
    await t.eventually(`several pods at ${place.join(":")}`, async () => {
      const seen = await answers(served, place);
      return seen.size > 1 && !seen.has("");
    });
}

for (const [type, what] of [
  ["ClusterIP", "service with type clusterIP"],
  ["NodePort", "NodePort service"],
] as const) {
  behaviour(
    `[sig-network] Services should have session affinity work for ${what} [LinuxOnly] [Conformance]`,
    { on: "containers" },
    async (t) => isSticky(t, await serve(t, type)),
  );
  behaviour(
    `[sig-network] Services should be able to switch session affinity for ${what} [LinuxOnly] [Conformance]`,
    { on: "containers", timeoutSeconds: 180 },
    async (t) => {
      const served = await serve(t, type);
      assert.equal((await served.affinity("None")).spec.sessionAffinity, "None");
      await isSpread(t, served);
      assert.equal((await served.affinity("ClientIP")).spec.sessionAffinity, "ClientIP");
      await isSticky(t, served);
    },
  );
}
