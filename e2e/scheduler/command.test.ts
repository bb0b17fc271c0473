/** `kubets scheduler` as a process of its own beside `kubets apiserver`: it places pods, by a configuration file and a user's own plugin, and tells how it is. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { after, before, it } from "node:test";
import { connect } from "node:tls";
import {
  deviceclasses,
  nodes,
  pods,
  resourceclaims,
  resourceslices,
  serviceaccounts,
} from "@kubets/api/generated/refs";
import type { Pod } from "@kubets/api/generated/types/core-v1";
import { node } from "@kubets/api/testing/node-builder";
import type { Client } from "@kubets/client";
import { freePort, Programs } from "./programs.ts";

const CONFIG = `
apiVersion: kubescheduler.config.k8s.io/v1
kind: KubeSchedulerConfiguration
leaderElection: { leaderElect: true, resourceName: my-scheduler }
profiles:
  - schedulerName: default-scheduler
  - schedulerName: picky
    plugins:
      multiPoint: { enabled: [{ name: ./only-quiet.ts, weight: 1 }] }
    pluginConfig:
      - { name: ./only-quiet.ts, args: { label: quiet } }
`;
const PLUGIN = `
export default (_handle, { label }) => ({
  name: "OnlyQuiet",
  filter: (_pod, { node }) => (node.metadata.labels?.[label] ? undefined : { reasons: ["node(s) are too loud"] }),
});
`;

/** None that would be chosen otherwise. */
const SUITES = ["TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"];

const programs = new Programs();
let client: Client;
let scheduler: { url: string; get(path: string, token?: string): Promise<{ status: number; text: string }> };
let kubeconfig: string;
let token: string;

before(async () => {
  const api = await programs.apiServer();
  ({ client, token, kubeconfig } = api);
  programs.write("only-quiet.ts", PLUGIN);
  const port = await freePort();
  await programs.start(
    "scheduler",
    {
      kubeconfig: api.kubeconfig,
      config: programs.write("scheduler.yaml", CONFIG),
      "authentication-kubeconfig": api.kubeconfig,
      "authorization-kubeconfig": api.kubeconfig,
      "bind-address": "127.0.0.1",
      "secure-port": String(port),
      "tls-cipher-suites": SUITES.join(),
      "disabled-metrics": "scheduler_goroutines",
    },
    /\bready\b/,
  );
  const url = `https://127.0.0.1:${port}`;
  scheduler = {
    url,
    async get(path, as) {
      const transport = programs.open(url, as);
      const response = await transport.request({ method: "GET", path });
      return { status: response.status, text: Buffer.from(await response.bytes()).toString() };
    },
  };
  await client.create(serviceaccounts, { metadata: { namespace: "default", name: "default" } });
  for (const name of ["loud", "calm"]) {
    const { spec, status } = node(name).build();
    await client.create(nodes, { metadata: { name, labels: name === "calm" ? { quiet: "yes" } : {} }, spec, status });
    // What the admission of the API server puts on a new node, and a controller would take away.
    await client.patch(nodes, { name }, { type: "merge", body: { spec: { taints: null } } });
  }
});
after(() => programs.stop());

const podOf = (name: string, schedulerName = "default-scheduler") => ({
  metadata: { namespace: "default", name },
  spec: { schedulerName, containers: [{ name: "c", image: "i" }] },
});

/** The pod when it has a node. */
async function placed(name: string): Promise<Pod> {
  const found = Promise.withResolvers<Pod>();
  const looked = (pod: Pod) => pod.spec.nodeName && found.resolve(pod);
  const options = { namespace: "default", fieldSelector: `metadata.name=${name}` };
  const watch = await client.watch<Pod>(pods, options, {
    events: (batch) => batch.forEach(({ object }) => looked(object)),
    closed: (error) => found.reject(error ?? new Error(`the watch of ${name} ended`)),
  });
  return found.promise.finally(() => watch.stop());
}

it("binds pods, and a user's own plugin has its say", async () => {
  await client.create(pods, podOf("any"));
  await placed("any");
  await client.create(pods, podOf("picky", "picky"));
  assert.equal((await placed("picky")).spec.nodeName, "calm");
  const { text } = await scheduler.get("/debug/decisions?pod=default/picky", token);
  const [{ node: found, refused }] = JSON.parse(text) as [{ node: string; refused: unknown }];
  assert.deepEqual(
    [found, refused],
    ["calm", [{ plugin: "OnlyQuiet", reasons: ["node(s) are too loud"], nodes: ["loud"] }]],
  );
});

it("tells what pods ask for, and where they are", async () => {
  const { metadata, spec } = podOf("asking");
  const [container] = spec.containers;
  const resources = { requests: { cpu: "250m", memory: "1Mi" }, limits: { cpu: "500m" } };
  await client.create(pods, { metadata, spec: { ...spec, containers: [{ ...container, resources }] } } as never);
  const { nodeName } = (await placed("asking")).spec;
  const told = (text: string) => text.split("\n").filter((line) => line.includes('pod="asking"'));
  const labels = (resource: string, unit: string) =>
    `{namespace="default",pod="asking",node="${nodeName}",scheduler="default-scheduler",priority="0",resource="${resource}",unit="${unit}"}`;
  assert.equal((await scheduler.get("/metrics/resources")).status, 403);
  assert.deepEqual(told((await scheduler.get("/metrics/resources", token)).text).sort(), [
    `kube_pod_resource_limit${labels("cpu", "cores")} 0.5`,
    `kube_pod_resource_request${labels("cpu", "cores")} 0.25`,
    `kube_pod_resource_request${labels("memory", "bytes")} 1048576`,
  ]);
});

it("finds a device for a claim, and writes it down", async () => {
  const driver = "gpu.example.com";
  const expression = `device.driver == "${driver}" && device.attributes["${driver}"].cores >= 4`;
  await client.create(deviceclasses, { metadata: { name: "gpu" }, spec: { selectors: [{ cel: { expression } }] } });
  await client.create(resourceslices, {
    metadata: { name: "slice" },
    spec: {
      driver,
      pool: { name: "pool", generation: 1, resourceSliceCount: 1 },
      nodeName: "loud",
      devices: [2, 8].map((cores) => ({ name: `with-${cores}`, attributes: { cores: { int: cores } } })),
    },
  });
  const exactly = { deviceClassName: "gpu", allocationMode: "ExactCount", count: 1 };
  const claim = await client.create(resourceclaims, {
    metadata: { namespace: "default", name: "claim" },
    spec: { devices: { requests: [{ name: "one", exactly }] } },
  });
  const { metadata, spec } = podOf("claiming");
  const resourceClaims = [{ name: "gpu", resourceClaimName: "claim" }];
  await client.create(pods, { metadata, spec: { ...spec, resourceClaims } });
  assert.equal((await placed("claiming")).spec.nodeName, "loud");
  const { status } = await client.get(resourceclaims, claim.metadata);
  assert.deepEqual(status.allocation?.devices.results, [{ request: "one", driver, pool: "pool", device: "with-8" }]);
  assert.deepEqual(
    status.reservedFor?.map(({ name }) => name),
    ["claiming"],
  );
});

it("makes a claim for an extended resource that a device class serves", async () => {
  const resource = "example.com/card";
  const driver = "card.example.com";
  await client.create(deviceclasses, {
    metadata: { name: "card" },
    spec: { extendedResourceName: resource, selectors: [{ cel: { expression: `device.driver == "${driver}"` } }] },
  });
  await client.create(resourceslices, {
    metadata: { name: "cards" },
    spec: {
      driver,
      pool: { name: "cards", generation: 1, resourceSliceCount: 1 },
      nodeName: "calm",
      devices: [{ name: "card-0" }],
    },
  });
  const amounts = { [resource]: "1" };
  const { metadata, spec } = podOf("carded");
  const containers = [{ name: "c", image: "i", resources: { requests: amounts, limits: amounts } }];
  await client.create(pods, { metadata, spec: { ...spec, containers } });
  const { spec: where, status } = await placed("carded");
  assert.equal(where.nodeName, "calm");
  const { resourceClaimName = "", requestMappings } = status.extendedResourceClaimStatus ?? {};
  assert.deepEqual(requestMappings, [
    { containerName: "c", resourceName: resource, requestName: "container-0-request-0" },
  ]);
  const claim = await client.get(resourceclaims, { namespace: "default", name: resourceClaimName });
  assert.deepEqual(
    claim.status.allocation?.devices.results?.map(({ device }) => device),
    ["card-0"],
  );
  assert.equal(claim.metadata.ownerReferences?.[0]?.name, "carded");
});

it("tells kubets why a pod went where it did", async () => {
  const why = (...flags: string[]) =>
    programs.output("why", "pod/picky", `--kubeconfig=${kubeconfig}`, `--scheduler=${scheduler.url}`, ...flags);
  const text = await why();
  assert.match(text, /^default\/picky, .*: placed on calm$/m);
  assert.match(text, /^ {2}refused by OnlyQuiet: node\(s\) are too loud \(loud\)$/m);
  const [report] = JSON.parse(await why("--output=json")) as [{ node: string }];
  assert.equal(report.node, "calm");
  await assert.rejects(
    programs.output("why", "pod/nobody", `--kubeconfig=${kubeconfig}`, `--scheduler=${scheduler.url}`),
    /keeps no decision about default\/nobody/,
  );
});

it("says how it is to anyone, and more to whom the API server allows it", async () => {
  for (const path of ["/healthz", "/livez", "/readyz"]) assert.equal((await scheduler.get(path)).text, "ok");
  assert.equal((await scheduler.get("/metrics")).status, 403);
  assert.equal((await scheduler.get("/metrics", "wrong")).status, 401);
  const { text } = await scheduler.get("/metrics", token);
  assert.equal((await scheduler.get("/flagz")).status, 403);
  assert.match((await scheduler.get("/flagz", token)).text, /^bind-address=127\.0\.0\.1$/m);
  assert.match(text, /^scheduler_schedule_attempts_total\{result="scheduled",profile="default-scheduler"\} [1-9]/m);
  assert.doesNotMatch(text, /scheduler_goroutines/);
  assert.match(text, /^scheduler_cache_size\{type="nodes"\} 2$/m);
  const { componentconfig } = JSON.parse((await scheduler.get("/configz", token)).text) as {
    componentconfig: { profiles: { schedulerName: string }[] };
  };
  assert.deepEqual(
    componentconfig.profiles.map(({ schedulerName }) => schedulerName),
    ["default-scheduler", "picky"],
  );
});

it("offers the cipher suites that it is told of", async () => {
  const { hostname: host, port } = new URL(scheduler.url);
  const socket = connect({ host, port: Number(port), maxVersion: "TLSv1.2", rejectUnauthorized: false });
  await once(socket, "secureConnect");
  assert.match(socket.getCipher().name, /^ECDHE-.*-AES256-GCM-SHA384$/);
  socket.destroy();
});
