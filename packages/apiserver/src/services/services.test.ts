import assert from "node:assert/strict";
import { test } from "node:test";
import { endpoints, ipaddresses, services } from "@kubets/api/generated/refs";
import type { Service } from "@kubets/api/generated/types/core-v1";
import type { Input } from "@kubets/api/meta";
import { VirtualClock } from "@kubets/machinery";
import { MemoryStorage } from "@kubets/storage";
import { startTestServer } from "../testing/server.ts";
import { told } from "../testing/told.ts";

const service = (name: string, spec: Input<Service["spec"]> = {}): Input<Service> => ({
  metadata: { name, namespace: "default" },
  spec: { ports: [{ port: 80 }], ...spec },
});

test("the service kubernetes has the first address of the range", async (t) => {
  const { admin, close } = await startTestServer();
  t.after(close);
  const found = await admin.get(services, { namespace: "default", name: "kubernetes" });
  assert.equal(found.spec.clusterIP, "10.96.0.1");
  const address = await admin.get(ipaddresses, { name: "10.96.0.1" });
  assert.deepEqual(address.spec.parentRef, { resource: "services", namespace: "default", name: "kubernetes" });
});

test("no address is given twice, and an address comes back with its service", async (t) => {
  const { admin, close } = await startTestServer();
  t.after(close);
  const made = await Promise.all(Array.from({ length: 100 }, (_, i) => admin.create(services, service(`s${i}`))));
  const addresses = new Set(made.map(({ spec }) => spec.clusterIP));
  assert.equal(addresses.size, 100);
  const taken = made[0]?.spec.clusterIP as string;
  const again = admin.create(services, service("again", { clusterIP: taken }));
  await assert.rejects(again, /failed to allocate IP .*: provided IP is already allocated/);
  await admin.delete(services, { namespace: "default", name: "s0" });
  await assert.rejects(admin.get(ipaddresses, { name: taken }), /not found/);
  assert.equal((await admin.create(services, service("again", { clusterIP: taken }))).spec.clusterIP, taken);
});

test("a full range is said, a write that fails gives its address back", async (t) => {
  const { admin, close } = await startTestServer({ serviceRanges: ["10.96.0.0/29"] });
  t.after(close);
  // Six addresses, of which one is the service kubernetes'.
  for (let i = 0; i < 5; i++) await admin.create(services, service(`s${i}`));
  await assert.rejects(admin.create(services, service("more")), /failed to allocate a serviceIP: range is full/);
  await admin.delete(services, { namespace: "default", name: "s0" });
  for (let i = 0; i < 3; i++)
    await assert.rejects(admin.create(services, service("bad", { sessionAffinity: "Odd" })), /sessionAffinity/);
  await admin.create(services, service("fits"), { dryRun: true });
  await admin.create(services, service("fits"));
});

test("addresses outside the ranges are refused", async (t) => {
  const { admin, close } = await startTestServer();
  t.after(close);
  const outside = admin.create(services, service("x", { clusterIP: "192.0.2.1" }));
  await assert.rejects(
    outside,
    /failed to allocate IP 192.0.2.1: the provided network does not match the current range/,
  );
});

test("a cluster of two families gives one address of each", async (t) => {
  const { admin, close } = await startTestServer({ serviceRanges: ["10.96.0.0/16", "fd00:96::/112"] });
  t.after(close);
  const both = await admin.create(services, service("both", { ipFamilyPolicy: "PreferDualStack" }));
  assert.deepEqual(both.spec.ipFamilies, ["IPv4", "IPv6"]);
  assert.match(both.spec.clusterIPs?.[1] ?? "", /^fd00:96::/);
  const second = both.spec.clusterIPs?.[1] as string;
  await admin.patch(
    services,
    { namespace: "default", name: "both" },
    { type: "merge", body: { spec: { ipFamilyPolicy: "SingleStack" } } },
  );
  await assert.rejects(admin.get(ipaddresses, { name: second }), /not found/);
});

test("node ports are exclusive, and free again after a change of type", async (t) => {
  const { admin, close } = await startTestServer({ nodePorts: "30000-30001" });
  t.after(close);
  const key = (name: string) => ({ namespace: "default", name });
  const nodePort = (name: string, port?: number) =>
    service(name, { type: "NodePort", ports: [{ port: 80, ...(port && { nodePort: port }) }] });
  await admin.create(services, nodePort("a", 30000));
  await assert.rejects(
    admin.create(services, nodePort("b", 30000)),
    /spec.ports\[0\].nodePort: Invalid value: 30000: provided port is already allocated/,
  );
  await assert.rejects(admin.create(services, nodePort("b", 31000)), /The range of valid ports is 30000-30001/);
  await admin.create(services, nodePort("b"), { dryRun: true });
  assert.equal((await admin.create(services, nodePort("b"))).spec.ports?.[0]?.nodePort, 30001);
  await assert.rejects(admin.create(services, nodePort("c")), /failed to allocate a nodePort: range is full/);
  await admin.patch(services, key("a"), { type: "merge", body: { spec: { type: "ClusterIP" } } });
  assert.equal((await admin.create(services, nodePort("c"))).spec.ports?.[0]?.nodePort, 30000);
});

test("two servers on one storage give no address and no node port twice", async (t) => {
  const storage = new MemoryStorage({ clock: new VirtualClock() });
  Object.defineProperty(storage, "exclusive", { value: false });
  const count = 20;
  const options = { storage, nodePorts: `30000-${30000 + count - 1}`, serviceRanges: ["10.96.0.0/26"] };
  const one = await startTestServer(options);
  t.after(one.close);
  const other = await startTestServer(options);
  t.after(other.close);
  const nodePort = (i: number) => service(`s${i}`, { type: "NodePort" });
  const make = (i: number) => (i % 2 ? one : other).admin.create(services, nodePort(i));
  const made = await Promise.all(Array.from({ length: count }, (_, i) => make(i)));
  assert.equal(new Set(made.map(({ spec }) => spec.ports?.[0]?.nodePort)).size, count);
  assert.equal(new Set(made.map(({ spec }) => spec.clusterIP)).size, count);
  await assert.rejects(other.admin.create(services, nodePort(count)), /range is full/);
  await other.admin.delete(services, { namespace: "default", name: "s1" });
  const freed = made[1]?.spec.ports?.[0]?.nodePort;
  assert.equal((await one.admin.create(services, nodePort(count))).spec.ports?.[0]?.nodePort, freed);
});

test("what is given, refused and left is told", async (t) => {
  const { admin, server, close } = await startTestServer({ serviceRanges: ["10.96.0.0/29"], nodePorts: "30000-30001" });
  t.after(close);
  await admin.create(services, service("a", { type: "NodePort", clusterIP: "10.96.0.5" }));
  await admin.create(services, service("b"));
  await admin.create(services, service("c"), { dryRun: true });
  await assert.rejects(admin.create(services, service("d", { clusterIP: "10.96.0.5" })), /already allocated/);
  const text = [...server.context.metrics.registry.expose()].join("");
  const cidr = 'cidr="10.96.0.0/29"';
  for (const line of [
    `clusterip_allocator_allocated_ips{${cidr}} 3`,
    `clusterip_allocator_available_ips{${cidr}} 3`,
    `clusterip_allocator_allocation_total{${cidr},scope="dynamic"} 1`,
    `clusterip_allocator_allocation_total{${cidr},scope="static"} 2`,
    `clusterip_allocator_allocation_errors_total{${cidr},scope="static"} 1`,
    "nodeport_allocator_allocated_ports 1",
    "nodeport_allocator_available_ports 1",
    'nodeport_allocator_allocation_total{scope="dynamic"} 1',
  ])
    assert.ok(text.includes(`\nkube_apiserver_${line}\n`), line);
});

test("what is wrong with addresses and node ports is counted, put right, or told again", async (t) => {
  const storage = new MemoryStorage({ clock: new VirtualClock() });
  const before = await startTestServer({ storage, serviceRanges: ["10.96.0.0/16"] });
  const { clusterIP: moved } = (await before.admin.create(services, service("moved", { type: "NodePort" }))).spec;
  const { clusterIP: lost } = (await before.admin.create(services, service("lost"))).spec;
  const { clusterIP: shared } = (await before.admin.create(services, service("shared"))).spec;
  const key = (name = "") => `/registry/ipaddresses/${name}`;
  const change = async (name = "", parentRef?: object) => {
    const found = await storage.get(key(name));
    const object = JSON.parse(Buffer.from(found?.value ?? "").toString());
    object.spec.parentRef = { ...object.spec.parentRef, ...parentRef };
    const value = parentRef ? () => Buffer.from(JSON.stringify(object)) : null;
    await storage.commit({ key: key(name), expect: found?.revision ?? 0, value });
  };
  await change(moved);
  await change(lost);
  await change(shared, { name: "another" });
  before.server.close();

  const { server, clock, close } = await startTestServer({ storage, nodePorts: "20000-20001" });
  t.after(close);
  const now = (series: string) => told(server.context.metrics.registry, `apiserver_${series}`) ?? 0;
  const addresses = (type: string) => now(`clusterip_repair_ip_errors_total{type="${type}"}`);
  assert.deepEqual(["repair", "duplicate", "leak"].map(addresses), [2, 1, 0]);
  assert.equal(now('nodeport_repair_port_errors_total{type="outOfRange"}'), 1);

  storage.commit = () => Promise.reject(new Error("away"));
  await clock.advance(180_000);
  assert.equal(addresses("leak"), 1);
  assert.equal(now("clusterip_repair_reconcile_errors_total"), 1);
});

test("endpoints go with their service", async (t) => {
  const { admin, close } = await startTestServer();
  t.after(close);
  await admin.create(services, service("a"));
  await admin.create(endpoints, { metadata: { name: "a", namespace: "default" } });
  await admin.delete(services, { namespace: "default", name: "a" });
  await assert.rejects(admin.get(endpoints, { namespace: "default", name: "a" }), /not found/);
});
