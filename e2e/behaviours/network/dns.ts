/** The cluster's DNS as pods see it: services, endpoints of headless ones, pods with a hostname, other names for what is outside. */
import assert from "node:assert/strict";
import { services } from "@kubets/api/generated/refs";
import { behaviour } from "../behaviour.ts";
import type { BehaviourContext } from "../context.ts";
import { pod } from "../objects.ts";
import { createPod } from "../output.ts";
import { IMAGES } from "../test-image.ts";
import { asker } from "./asking.ts";

const HTTP = [{ name: "http", port: 80, targetPort: 8080, protocol: "TCP" as const }];

const service = ({ client, namespace }: BehaviourContext, name: string, spec: object) =>
  client.create(services, { metadata: { namespace, name }, spec: { ports: HTTP, ...spec } });

async function serving(t: BehaviourContext, name: string, spec: object = {}): Promise<string> {
  const containers = [{ name: "c", image: IMAGES.demo }];
  await createPod(t, pod(name, { app: "named" }, { terminationGracePeriodSeconds: 1, containers, ...spec }));
  return (await t.podReady(name)).status.podIP as string;
}

const arpa = (ip: string) => `${ip.split(".").toReversed().join(".")}.in-addr.arpa`;

/** A pod that asks, and how each answer is waited for. */
async function asking(t: BehaviourContext) {
  const { addresses, record, servers } = await asker(t);
  return {
    leads: (name: string, ...wanted: string[]) =>
      t.eventually(
        `${name} to lead to ${wanted.join()}`,
        async () => (await addresses(name)) === wanted.toSorted().join(),
      ),
    says: (type: "srv" | "cname" | "ptr", name: string, wanted: string) =>
      t.eventually(`the ${type} of ${name} to say ${wanted}`, async () => (await record(type, name)).includes(wanted)),
    serves: (part: string, wanted: string) =>
      t.eventually(`servers of ${part} at ${wanted}`, async () => (await servers(part)).includes(wanted)),
  };
}

/** A headless and a usual service before the same pod, and who asks for them. */
async function twoServices(t: BehaviourContext) {
  await service(t, "headless", { clusterIP: "None", selector: { app: "named" } });
  const { spec } = await service(t, "usual", { selector: { app: "named" } });
  return { ...(await asking(t)), podIP: await serving(t, "one"), clusterIP: spec.clusterIP as string };
}

behaviour("[sig-network] DNS should provide DNS for the cluster [Conformance]", { on: "containers" }, async (t) => {
  const { spec } = await t.client.get(services, { namespace: "default", name: "kubernetes" });
  const { leads } = await asking(t);
  const name = "kubernetes.default.svc.cluster.local";
  await leads(name, spec.clusterIP as string);
  await leads("kubernetes.default", spec.clusterIP as string);
});

behaviour("[sig-network] DNS should provide DNS for services [Conformance]", { on: "containers" }, async (t) => {
  const { leads, says, podIP, clusterIP } = await twoServices(t);
  for (const [name, address] of [
    ["headless", podIP],
    ["usual", clusterIP],
  ] as const) {
    const whole = `${name}.${t.namespace}.svc.cluster.local`;
    for (const each of [name, `${name}.${t.namespace}`, `${name}.${t.namespace}.svc`, whole])
      await leads(each, address);
    await says("srv", `_http._tcp.${whole}`, whole);
  }
  await says("ptr", arpa(clusterIP), `usual.${t.namespace}.svc.cluster.local`);
  await says("ptr", arpa(podIP), `headless.${t.namespace}.svc.cluster.local`);
});

behaviour(
  "[sig-network] DNS should resolve DNS of partial qualified names for services [LinuxOnly] [Conformance]",
  { on: "containers" },
  async (t) => {
    const { leads, serves, podIP, clusterIP } = await twoServices(t);
    for (const [name, address] of [
      ["headless", podIP],
      ["usual", clusterIP],
    ] as const) {
      for (const each of [name, `${name}.${t.namespace}`, `${name}.${t.namespace}.svc`]) await leads(each, address);
      for (const each of [name, `${name}.${t.namespace}`, `${name}.${t.namespace}.svc`])
        await serves(`_http._tcp.${each}`, `${name}.${t.namespace}.svc.cluster.local`);
    }
  },
);

behaviour(
  "[sig-network] DNS should provide DNS for pods for Hostname [Conformance]",
  { on: "containers" },
  async (t) => {
    await service(t, "family", { clusterIP: "None", selector: { app: "named" } });
    const ip = await serving(t, "one", { hostname: "first", subdomain: "family" });
    const { leads } = await asking(t);
    await leads(`first.family.${t.namespace}.svc.cluster.local`, ip);
    await leads("first.family", ip);
    // The pod itself knows its name and its whole name, without DNS.
    const hosts = await t.exec("one", ["cat", "/etc/hosts"]);
    assert.match(hosts, new RegExp(`^${ip}\\s+first\\.family\\.${t.namespace}\\.svc\\.cluster\\.local\\s+first$`, "m"));
    assert.equal((await t.exec("one", ["hostname"])).trim(), "first");
  },
);

behaviour(
  "[sig-network] DNS should provide DNS for pods for Subdomain [Conformance]",
  { on: "containers" },
  async (t) => {
    await service(t, "family", { clusterIP: "None", selector: { app: "named" } });
    const one = await serving(t, "one", { hostname: "first", subdomain: "family" });
    const two = await serving(t, "two", { hostname: "second", subdomain: "family" });
    const { leads } = await asking(t);
    const family = `family.${t.namespace}.svc.cluster.local`;
    await leads(`first.${family}`, one);
    await leads(`second.${family}`, two);
    await leads(family, one, two);
    assert.equal((await t.exec("one", ["hostname", "-f"])).trim(), `first.${family}`);
  },
);

behaviour(
  "[sig-network] DNS should provide DNS for ExternalName services [Conformance]",
  { on: "containers" },
  async (t) => {
    const { client, namespace } = t;
    const key = { namespace, name: "elsewhere" };
    const name = `elsewhere.${namespace}.svc.cluster.local`;
    const { says, leads } = await asking(t);
    await client.create(services, { metadata: key, spec: { type: "ExternalName", externalName: "foo.example.com" } });
    await says("cname", name, "foo.example.com");
    await client.patch(services, key, { type: "merge", body: { spec: { externalName: "bar.example.com" } } });
    await says("cname", name, "bar.example.com");
    const { spec } = await client.patch(services, key, {
      type: "merge",
      body: { spec: { type: "ClusterIP", externalName: null, ports: HTTP } },
    });
    assert.ok(spec.clusterIP);
    await leads(name, spec.clusterIP);
  },
);

behaviour(
  "[sig-network] Services should be able to change the type from NodePort to ExternalName [Conformance]",
  { on: "containers" },
  async (t) => {
    const { client, namespace } = t;
    const key = { namespace, name: "moves" };
    const made = await service(t, "moves", { type: "NodePort", selector: { app: "named" } });
    assert.ok(made.spec.clusterIP && made.spec.ports?.[0]?.nodePort, "an address and a node port");
    const target = await service(t, "target", { selector: { app: "named" } });
    await serving(t, "one");
    const moved = await client.patch(services, key, {
      type: "merge",
      body: { spec: { type: "ExternalName", externalName: `target.${namespace}.svc.cluster.local`, clusterIP: null } },
    });
    assert.deepEqual(
      [moved.spec.clusterIP ?? "", moved.spec.clusterIPs ?? [], moved.spec.ports?.[0]?.nodePort ?? 0],
      ["", [], 0],
    );
    const { leads } = await asking(t);
    await leads(`moves.${namespace}.svc.cluster.local`, target.spec.clusterIP as string);
    // What it had is free for another.
    const { nodePort } = made.spec.ports[0];
    const next = await service(t, "next", { type: "NodePort", ports: [{ port: 80, nodePort }] });
    assert.equal(next.spec.ports?.[0]?.nodePort, nodePort);
  },
);
