/** The service kube-dns follows the nodes. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { endpointslices, nodes, services } from "@kubets/api/generated/refs";
import { createClient, SharedInformers } from "@kubets/client";
import { MemoryApi } from "@kubets/client/testing/memory-api";
import { seededRandom, silentLogger, VirtualClock } from "@kubets/machinery";
import { dnsServiceController, dnsServiceObjects } from "./dns-service.ts";

describe("the service kube-dns", () => {
  it("has a slice for each family, with a hint for each node's own pods", () => {
    const { service, slices } = dnsServiceObjects({
      clusterIps: ["10.96.0.10", "fd00:96::a"],
      nodeAddresses: [
        { nodeName: "b", ip: "172.30.0.3", ready: false },
        { nodeName: "a", ip: "172.30.0.2" },
        { nodeName: "a", ip: "fd01::2" },
      ],
      port: 5353,
    });
    assert.equal(service.spec?.ipFamilyPolicy, "RequireDualStack");
    assert.deepEqual(
      slices.map(({ addressType, endpoints }) => [
        addressType,
        ...(endpoints ?? []).map((each) => each.addresses?.[0]),
      ]),
      [
        ["IPv4", "172.30.0.2", "172.30.0.3"],
        ["IPv6", "fd01::2"],
      ],
    );
    assert.deepEqual(slices[0]?.endpoints?.[0]?.hints, { forNodes: [{ name: "a" }] });
    assert.equal(slices[0]?.endpoints?.[1]?.conditions?.ready, false);
    assert.equal(slices[0]?.ports?.[0]?.port, 5353);
  });

  it("is made once, and changed as nodes come and go", async (t) => {
    const clock = new VirtualClock();
    const api = new MemoryApi();
    const client = createClient(api);
    const stop = new AbortController();
    t.after(() => stop.abort());
    const log = silentLogger;
    const cache = new SharedInformers({ client, clock, random: seededRandom(1), log, signal: stop.signal });
    const controller = dnsServiceController({ clusterIps: ["10.96.0.10"] });
    const context = { client, cache, clock, log } as unknown as Parameters<typeof controller.reconcile>[1];
    for (const ref of [services, endpointslices, nodes]) cache.informer(ref as typeof nodes);
    const reconcile = async () => {
      await clock.advance(50);
      await controller.reconcile("kube-system/kube-dns", context);
      const [slice] = (await client.list(endpointslices)).items;
      return slice?.endpoints.map(({ addresses: [ip] }) => ip);
    };
    assert.deepEqual(await reconcile(), []);
    await client.create(nodes, {
      metadata: { name: "a" },
      status: {
        addresses: [{ type: "InternalIP", address: "172.30.0.2" }],
        conditions: [{ type: "Ready", status: "True" }],
      },
    });
    await client.create(nodes, {
      metadata: { name: "simulated" },
      status: { addresses: [{ type: "InternalIP", address: "127.0.0.1" }] },
    });
    assert.deepEqual(await reconcile(), ["172.30.0.2"]);
    const writes = api.bodies.length;
    await reconcile();
    assert.equal(api.bodies.length, writes);
    await client.delete(nodes, { name: "a" });
    assert.deepEqual(await reconcile(), []);
    assert.equal((await client.list(services)).items.length, 1);
  });
});
