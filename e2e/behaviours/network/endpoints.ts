/** Who stands behind a service: Endpoints and EndpointSlices, those that controllers make and those made by hand. */
import assert from "node:assert/strict";
import { endpoints, endpointslices, ipaddresses, pods, services } from "@kubets/api/generated/refs";
import type { EndpointSlice } from "@kubets/api/generated/types/discovery-v1";
import { behaviour } from "../behaviour.ts";
import type { BehaviourContext } from "../context.ts";
import { container, pod } from "../objects.ts";
import { createPod } from "../output.ts";
import { IMAGES } from "../test-image.ts";
import { everyVerb, watching } from "../verbs.ts";

const slicesOf = async ({ client, namespace }: BehaviourContext, service: string) =>
  (await client.list(endpointslices, { namespace, labelSelector: `kubernetes.io/service-name=${service}` })).items;
const create = ({ client, namespace }: BehaviourContext, name: string, spec: object) =>
  client.create(services, { metadata: { namespace, name }, spec: { ports: [{ port: 80, name: "web" }], ...spec } });
const addressesOf = (slices: readonly EndpointSlice[]) =>
  slices.flatMap((slice) => (slice.endpoints ?? []).flatMap(({ addresses }) => addresses)).sort();

async function podsBehind(t: BehaviourContext): Promise<string[]> {
  for (const name of ["one", "two"]) await createPod(t, pod(name, { app: "web" }));
  const ready = [await t.podReady("one"), await t.podReady("two")];
  return ready.map(({ status }) => status.podIP as string).sort();
}

behaviour(
  "[sig-network] EndpointSlice should create Endpoints and EndpointSlices for Pods matching a Service [Conformance]",
  { on: "simulated" },
  async (t) => {
    const ips = await podsBehind(t);
    await create(t, "web", { selector: { app: "web" } });
    await t.eventually(
      "both pods in the slices",
      async () => addressesOf(await slicesOf(t, "web")).join() === ips.join(),
    );
    const [slice] = await slicesOf(t, "web");
    assert.deepEqual([slice?.addressType, slice?.ports?.[0]?.name, slice?.ports?.[0]?.port], ["IPv4", "web", 80]);
    for (const { conditions, targetRef } of slice?.endpoints ?? [])
      assert.deepEqual([conditions.ready, targetRef?.kind], [true, "Pod"]);
    const told = await t.until(
      endpoints,
      "web",
      "both pods in the Endpoints",
      (e) => e?.subsets?.[0]?.addresses?.length === 2,
    );
    assert.deepEqual(told.subsets?.[0]?.addresses?.map(({ ip }) => ip).sort(), ips);
    await t.client.delete(pods, { namespace: t.namespace, name: "two" });
    await t.eventually("one pod in the slices", async () => addressesOf(await slicesOf(t, "web")).length === 1);
    await t.client.delete(services, { namespace: t.namespace, name: "web" });
    await t.eventually("no slices", async () => (await slicesOf(t, "web")).length === 0);
  },
);

behaviour(
  "[sig-network] EndpointSlice should create and delete EndpointSlices for a Service with a selector that matches no pods [Conformance]",
  { on: "api" },
  async (t) => {
    await create(t, "none", { selector: { app: "nobody" } });
    await t.eventually("an empty slice", async () => {
      const slices = await slicesOf(t, "none");
      return slices.length === 1 && addressesOf(slices).length === 0;
    });
    await t.client.delete(services, { namespace: t.namespace, name: "none" });
    await t.eventually("no slices", async () => (await slicesOf(t, "none")).length === 0);
  },
);

behaviour(
  "[sig-network] EndpointSlice should support creating EndpointSlice API operations [Conformance]",
  { on: "api" },
  (t) =>
    everyVerb(t, endpointslices, (name, labels) => ({
      metadata: { namespace: t.namespace, name, labels },
      addressType: "IPv4",
      endpoints: [{ addresses: ["10.1.2.3", "10.1.2.4"].slice(0, 1), conditions: { ready: true } }],
      ports: [],
    })),
);

behaviour(
  "[sig-network] EndpointSliceMirroring should mirror a custom Endpoints resource through create update and delete [Conformance]",
  { on: "api" },
  async (t) => {
    const { client, namespace } = t;
    await create(t, "own", {});
    const key = { namespace, name: "own" };
    const subsets = (ip: string) => [{ addresses: [{ ip }], ports: [{ name: "web", port: 80 }] }];
    await client.create(endpoints, { metadata: key, subsets: subsets("10.1.2.3") });
    const mirrored = (ip: string) => async () => {
      const slices = await slicesOf(t, "own");
      return slices.length === 1 && addressesOf(slices).join() === ip && slices[0];
    };
    const slice = await t.eventually("the mirrored slice", mirrored("10.1.2.3"));
    assert.deepEqual(
      [slice.ports?.[0]?.port, slice.metadata.labels?.["endpointslice.kubernetes.io/managed-by"]],
      [80, "endpointslicemirroring-controller.k8s.io"],
    );
    await client.patch(endpoints, key, { type: "merge", body: { subsets: subsets("10.2.3.4") } });
    await t.eventually("the changed slice", mirrored("10.2.3.4"));
    await client.delete(endpoints, key);
    await t.eventually("no slices", async () => (await slicesOf(t, "own")).length === 0);
  },
);

behaviour(
  "[sig-network] Endpoints should test the lifecycle of an Endpoint [Conformance]",
  { on: "api" },
  async (t) => {
    const { client, namespace } = t;
    const key = { namespace, name: "life" };
    const labels = { behaviour: "life" };
    const watch = await watching(t, endpoints, namespace, "behaviour=life");
    const subsets = [{ addresses: [{ ip: "10.0.0.24" }], ports: [{ name: "http", port: 80, protocol: "TCP" }] }];
    const made = await client.create(endpoints, { metadata: { ...key, labels }, subsets });
    await watch.expect("ADDED");
    await client.update(endpoints, { ...made, metadata: { ...made.metadata, labels: { ...labels, updated: "yes" } } });
    await watch.expect("MODIFIED", ({ metadata }) => metadata.labels?.updated === "yes");
    const body = { subsets: [{ addresses: [{ ip: "10.0.0.25" }], ports: [{ name: "http-test", port: 8080 }] }] };
    await client.patch(endpoints, key, { type: "strategic", body });
    const [patched] = (await client.get(endpoints, key)).subsets ?? [];
    assert.deepEqual([patched?.addresses?.[0]?.ip, patched?.ports?.[0]?.port], ["10.0.0.25", 8080]);
    await client.deleteCollection(endpoints, { namespace, labelSelector: "behaviour=life" });
    await watch.expect("DELETED");
  },
);

behaviour(
  "[sig-network] EndpointsController should create Endpoints for Pods matching a Service [Conformance]",
  { on: "simulated" },
  async (t) => {
    const ips = await podsBehind(t);
    await create(t, "web", { selector: { app: "web" } });
    const told = await t.until(endpoints, "web", "both pods", (e) => e?.subsets?.[0]?.addresses?.length === 2);
    assert.deepEqual(told.subsets?.[0]?.addresses?.map(({ ip }) => ip).sort(), ips);
    assert.deepEqual(
      told.subsets?.[0]?.ports?.map(({ name, port }) => [name, port]),
      [["web", 80]],
    );
  },
);

behaviour(
  "[sig-network] EndpointsController should create and delete Endpoints for a Service with a selector that matches no pods [Conformance]",
  { on: "api" },
  async (t) => {
    await create(t, "none", { selector: { app: "nobody" } });
    const made = await t.until(endpoints, "none", "the Endpoints", Boolean);
    assert.equal(made.subsets?.length ?? 0, 0);
    await t.client.delete(services, { namespace: t.namespace, name: "none" });
    await t.untilGone(endpoints, "none");
  },
);

behaviour(
  "[sig-network] Service endpoints latency should not be very high [Conformance]",
  { on: "simulated" },
  async (t) => {
    const { client, namespace } = t;
    await createPod(t, pod("one", { app: "latency" }));
    await t.podReady("one");
    const began = new Map<string, number>();
    const took: number[] = [];
    const watch = await client.watch(
      endpoints,
      { namespace, resourceVersion: (await client.list(endpoints, { namespace })).metadata.resourceVersion },
      {
        events(batch) {
          for (const { object } of batch) {
            const start = began.get(object.metadata.name);
            if (start === undefined || !object.subsets?.[0]?.addresses?.length) continue;
            took.push(performance.now() - start);
            began.delete(object.metadata.name);
          }
        },
        closed() {},
      },
    );
    t.cleanup(() => watch.stop());
    for (let i = 0; i < 100; i++) {
      const name = `latency-${i}`;
      began.set(name, performance.now());
      await create(t, name, { selector: { app: "latency" } });
    }
    await t.eventually("the Endpoints of all services", () => took.length === 100);
    took.sort((a, b) => a - b);
    assert.ok((took[49] as number) < 20_000 && (took[89] as number) < 50_000, `p50 ${took[49]}, p90 ${took[89]}`);
  },
);

behaviour(
  "[sig-network] ServiceCIDR and IPAddress API should support IPAddress API operations [Conformance]",
  { on: "api" },
  async (t) => {
    let last = 10;
    const parentRef = { resource: "services", namespace: t.namespace, name: "nobody" };
    // Outside of the range of services: such an address is nobody's, and nobody repairs it.
    const names = new Map<string, string>();
    const address = (name: string) => names.get(name) ?? (names.set(name, `192.168.77.${last++}`).get(name) as string);
    const labels = { "ipaddress.kubernetes.io/managed-by": "behaviour" };
    const selector = { labelSelector: "ipaddress.kubernetes.io/managed-by=behaviour" };
    const { client } = t;
    t.cleanup(() => client.deleteCollection(ipaddresses, selector));
    const watch = await watching(t, ipaddresses, undefined, selector.labelSelector);
    const key = { name: address("a") };
    await client.create(ipaddresses, { metadata: { name: key.name, labels }, spec: { parentRef } });
    await watch.expect("ADDED");
    assert.deepEqual((await client.get(ipaddresses, key)).spec.parentRef, parentRef);
    const body = { metadata: { annotations: { patched: "yes" } } };
    const patched = await client.patch(ipaddresses, key, { type: "merge", body });
    await watch.expect("MODIFIED", ({ metadata }) => metadata.annotations?.patched === "yes");
    await client.update(ipaddresses, {
      ...patched,
      metadata: { ...patched.metadata, annotations: { updated: "yes" } },
    });
    await watch.expect("MODIFIED", ({ metadata }) => metadata.annotations?.updated === "yes");
    await client.delete(ipaddresses, key);
    await watch.expect("DELETED");
    for (const each of ["b", "c"])
      await client.create(ipaddresses, { metadata: { name: address(each), labels }, spec: { parentRef } });
    assert.equal((await client.list(ipaddresses, selector)).items.length, 2);
    await client.deleteCollection(ipaddresses, selector);
    assert.equal((await client.list(ipaddresses, selector)).items.length, 0);
    for (const path of ["/apis", "/apis/networking.k8s.io", "/apis/networking.k8s.io/v1"])
      assert.equal((await t.request("GET", path)).status, 200);
    const { resources } = (await t.request("GET", "/apis/networking.k8s.io/v1")).json as {
      resources: { name: string }[];
    };
    assert.ok(resources.some(({ name }) => name === "ipaddresses"));
  },
);

behaviour(
  "[sig-network] API Server should have Endpoints and EndpointSlices pointing to API Server [Conformance]",
  { on: "containers" },
  async (t) => {
    const { subsets = [] } = await t.client.get(endpoints, { namespace: "default", name: "kubernetes" });
    const told = subsets.flatMap(({ addresses = [] }) => addresses.map(({ ip }) => ip)).sort();
    assert.ok(told.length > 0, "there is no address of an API server");
    const labelSelector = "kubernetes.io/service-name=kubernetes";
    const { items } = await t.client.list(endpointslices, { namespace: "default", labelSelector });
    assert.deepEqual(addressesOf(items), told);
    const { spec } = await t.client.get(services, { namespace: "default", name: "kubernetes" });
    assert.equal(items[0]?.ports?.[0]?.name, spec.ports?.[0]?.name);
    assert.equal(subsets[0]?.ports?.[0]?.port, items[0]?.ports?.[0]?.port);
  },
);

behaviour(
  "[sig-network] Services should find a service from listing all namespaces [Conformance]",
  { on: "api" },
  async (t) => {
    const { items } = await t.client.list(services);
    assert.ok(items.some(({ metadata }) => metadata.namespace === "default" && metadata.name === "kubernetes"));
  },
);

/** What the Endpoints and the slices of the service say, both: "ADDRESS:PORT" of each that is ready. */
async function told(t: BehaviourContext, service: string): Promise<[string, string]> {
  const { subsets = [] } = await t.client.get(endpoints, { namespace: t.namespace, name: service });
  const one = subsets.flatMap(({ addresses = [], ports = [] }) =>
    addresses.flatMap(({ ip }) => ports.map(({ port }) => `${ip}:${port}`)),
  );
  const other = (await slicesOf(t, service)).flatMap(({ endpoints: all, ports }) =>
    all.flatMap(({ addresses, conditions }) =>
      conditions.ready ? ports.map(({ port }) => `${addresses[0]}:${port}`) : [],
    ),
  );
  return [one.sort().join(), other.sort().join()];
}

const serving = (port: number, name: string) => ({
  terminationGracePeriodSeconds: 1,
  containers: [{ ...container(), ports: [{ containerPort: port, name }] }],
});

async function ipOf(t: BehaviourContext, name: string): Promise<string> {
  return (await t.podReady(name)).status.podIP as string;
}

const say = (t: BehaviourContext, service: string, wanted: readonly string[]) => {
  const text = [...wanted].sort().join();
  return t.eventually(`endpoints ${text || "none"}`, async () =>
    (await told(t, service)).every((each) => each === text),
  );
};

behaviour(
  "[sig-network] Services should serve a basic endpoint from pods [Conformance]",
  { on: "simulated" },
  async (t) => {
    await create(t, "basic", { selector: { app: "basic" } });
    await t.until(endpoints, "basic", "its Endpoints", (found) => found !== undefined);
    await say(t, "basic", []);
    await createPod(t, pod("one", { app: "basic" }, serving(80, "web")));
    const one = `${await ipOf(t, "one")}:80`;
    await say(t, "basic", [one]);
    await createPod(t, pod("two", { app: "basic" }, serving(80, "web")));
    const two = `${await ipOf(t, "two")}:80`;
    await say(t, "basic", [one, two]);
    await t.client.delete(pods, { namespace: t.namespace, name: "two" });
    await say(t, "basic", [one]);
    await t.client.delete(pods, { namespace: t.namespace, name: "one" });
    await say(t, "basic", []);
  },
);

behaviour(
  "[sig-network] Services should serve multiport endpoints from pods [Conformance]",
  { on: "simulated" },
  async (t) => {
    const ports = [
      { name: "first", port: 80, targetPort: "first" },
      { name: "second", port: 81, targetPort: "second" },
    ];
    await create(t, "multi", { selector: { app: "multi" }, ports });
    await t.until(endpoints, "multi", "its Endpoints", (found) => found !== undefined);
    await say(t, "multi", []);
    await createPod(t, pod("one", { app: "multi" }, serving(100, "first")));
    const one = `${await ipOf(t, "one")}:100`;
    await say(t, "multi", [one]);
    await createPod(t, pod("two", { app: "multi" }, serving(101, "second")));
    const two = `${await ipOf(t, "two")}:101`;
    await say(t, "multi", [one, two]);
    await t.client.delete(pods, { namespace: t.namespace, name: "one" });
    await say(t, "multi", [two]);
    await t.client.delete(pods, { namespace: t.namespace, name: "two" });
    await say(t, "multi", []);
  },
);

behaviour(
  "[sig-network] EndpointSlice should support a Service with multiple endpoint IPs specified in multiple EndpointSlices [Conformance]",
  { on: "containers" },
  async (t) => {
    await create(t, "mine", {
      ports: [
        { name: "first", port: 80 },
        { name: "second", port: 81 },
      ],
    });
    const hosts = ["one", "two"];
    for (const name of hosts)
      await createPod(
        t,
        pod(name, {}, { terminationGracePeriodSeconds: 1, containers: [{ name: "c", image: IMAGES.demo }] }),
      );
    for (const [i, name] of hosts.entries())
      await t.client.create(endpointslices, {
        metadata: { namespace: t.namespace, name: `mine-${name}`, labels: { "kubernetes.io/service-name": "mine" } },
        addressType: "IPv4",
        ports: [{ name: i === 0 ? "first" : "second", port: 8080, protocol: "TCP" }],
        endpoints: [{ addresses: [await ipOf(t, name)], conditions: { ready: true } }],
      });
    const { spec } = await t.client.get(services, { namespace: t.namespace, name: "mine" });
    await createPod(t, pod("asks", {}, { terminationGracePeriodSeconds: 1, containers: [container("sleep 1000")] }));
    await t.podReady("asks");
    for (const [i, name] of hosts.entries())
      await t.eventually(`an answer of ${name}`, async () => {
        const ask = `timeout 5 wget -q -O - http://${spec.clusterIP}:${80 + i}/ || true`;
        return (await t.exec("asks", ["sh", "-c", ask])).includes(name);
      });
  },
);

behaviour(
  "[sig-network] Services should serve endpoints on same port and different protocols [Conformance]",
  { on: "containers" },
  async (t) => {
    const PORT = 8085;
    const container = {
      name: "c",
      image: IMAGES.test,
      env: ["TCP", "UDP"].map((name) => ({ name, value: String(PORT) })),
    };
    for (const [name, labels] of [
      ["serves", { app: "both" }],
      ["asks", {}],
    ] as const)
      await createPod(t, pod(name, labels, { terminationGracePeriodSeconds: 1, containers: [container] }));
    for (const name of ["serves", "asks"]) await t.podReady(name);
    const port = (protocol: "TCP" | "UDP") => ({ name: protocol.toLowerCase(), port: 80, protocol, targetPort: PORT });
    await create(t, "both", { selector: { app: "both" }, ports: [port("TCP"), port("UDP")] });
    const { clusterIP } = (await t.client.get(services, { namespace: t.namespace, name: "both" })).spec;
    const asks = {
      TCP: `timeout 3 nc ${clusterIP} 80 </dev/null 2>/dev/null || true`,
      UDP: `udp-ask ${clusterIP} 80 2>/dev/null || true`,
    };
    const answers = async (protocol: "TCP" | "UDP") =>
      (await t.exec("asks", ["sh", "-c", asks[protocol]])).includes("serves");
    const reached = (tcp: boolean, udp: boolean) =>
      t.eventually(
        `TCP ${tcp}, UDP ${udp}`,
        async () => (await answers("TCP")) === tcp && (await answers("UDP")) === udp,
      );
    const expose = (...protocols: ("TCP" | "UDP")[]) =>
      t.client.patch(
        services,
        { namespace: t.namespace, name: "both" },
        { type: "merge", body: { spec: { ports: protocols.map(port) } } },
      );
    await reached(true, true);
    await expose("TCP");
    await reached(true, false);
    await expose("UDP");
    await reached(false, true);
  },
);
