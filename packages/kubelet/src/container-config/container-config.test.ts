import assert from "node:assert/strict";
import { test } from "node:test";
import { pod } from "@kubets/api/testing/pod-builder";
import { service } from "@kubets/api/testing/service-builder";
import { dnsWarnings, parseResolvConf, podDns } from "./dns.ts";
import { expand } from "./expand.ts";
import { hostName } from "./hostname.ts";
import { containerResources, cpuQuota, cpuShares, type NodeFacts, oomScore } from "./resources.ts";
import { serviceEnv } from "./service-env.ts";

test("expansion", () => {
  const known: Record<string, string> = { A: "1", B: "2" };
  const cases: [string, string][] = [
    ["$(A)", "1"],
    ["$$(A)", "$(A)"],
    ["$$$(A)", "$1"],
    ["$(UNKNOWN)", "$(UNKNOWN)"],
    ["$(A", "$(A"],
    ["a$(A)b$(B)$", "a1b2$"],
    ["$x", "$x"],
  ];
  for (const [text, want] of cases)
    assert.equal(
      expand(text, (name) => known[name]),
      want,
      text,
    );
});

test("shares, quota and the score for the end of memory", () => {
  assert.deepEqual([0, 1, 100, 1000, 1_000_000].map(cpuShares), [2, 2, 102, 1024, 262_144]);
  assert.deepEqual(
    [0, 1, 500, 2000].map((milli) => cpuQuota(milli)),
    [0, 1000, 50_000, 200_000],
  );
  const score = (made: ReturnType<typeof pod>) => {
    const built = made.build();
    return oomScore(built, built.spec.containers[0] as never, 16 * 2 ** 30);
  };
  assert.equal(score(pod("a")), 1000);
  assert.equal(score(pod("a").requests({ memory: "8Gi" })), 500);
  assert.equal(score(pod("a").requests({ cpu: "1" })), 999);
  assert.equal(score(pod("a").requests({ cpu: "1", memory: "1Gi" }).limits({ cpu: "1", memory: "1Gi" })), -997);
});

test("what a container is held to, as the node says", () => {
  const node = {
    memoryBytes: 16 * 2 ** 30,
    cgroupV2: true,
    cpuPeriodUs: 100_000,
    singleProcessOomKill: false,
    throttling: undefined,
    keepsMemory: false,
  };
  const swap = { bytes: 8 * 2 ** 30, limited: true };
  const held = (made: ReturnType<typeof pod>, more: Partial<NodeFacts> = {}) => {
    const built = made.build();
    return containerResources(built, built.spec.containers[0] as never, { ...node, swap: undefined, ...more });
  };
  const half = pod("a").limits({ cpu: "500m" });
  const cpu = ({ cpuPeriod, cpuQuota }: ReturnType<typeof held>) => [cpuPeriod, cpuQuota];
  assert.deepEqual(cpu(held(half)), [100_000, 50_000]);
  assert.deepEqual(cpu(held(half, { cpuPeriodUs: 10_000 })), [10_000, 5000]);
  assert.deepEqual(cpu(held(half, { cpuPeriodUs: undefined })), [undefined, undefined]);
  const ofPod = pod("a").spec({ resources: { limits: { cpu: "2", memory: "1Gi" } } });
  assert.deepEqual([cpu(held(ofPod)), held(ofPod).memoryLimitInBytes], [[100_000, 200_000], 2 ** 30]);
  assert.deepEqual(cpu(held(ofPod.limits({ cpu: "1" }))), [100_000, 100_000]);
  assert.deepEqual(held(half).unified, { "memory.oom.group": "1" });
  assert.deepEqual(held(half, { singleProcessOomKill: true }).unified, {});
  assert.equal(held(half, { cgroupV2: false }).unified, undefined);
  const kept = (made: ReturnType<typeof pod>) => {
    const { "memory.oom.group": _, ...unified } = held(made, { keepsMemory: true }).unified ?? {};
    return unified;
  };
  const amounts = { cpu: "1", memory: "1Ki" };
  assert.deepEqual(kept(pod("a").requests(amounts).limits(amounts)), { "memory.min": "1024" });
  assert.deepEqual(kept(pod("a").requests(amounts)), { "memory.low": "1024" });
  assert.deepEqual(kept(pod("a")), {});
  const throttling = { factor: 0.9, allocatableBytes: 1000 * 4096 };
  const high = (made: ReturnType<typeof pod>) =>
    Number(held(made, { throttling }).unified?.["memory.high"] ?? 0) / 4096;
  const pages = (count: number) => ({ memory: String(count * 4096) });
  assert.equal(high(pod("a").requests(pages(200)).limits(pages(500))), 470);
  assert.equal(high(pod("a").requests(pages(205))), 920);
  assert.equal(high(pod("a")), 900);
  assert.equal(high(pod("a").requests(pages(200)).limits(pages(200))), 0);
  const swaps = (made: ReturnType<typeof pod>, limited = true) =>
    held(made, { swap: { ...swap, limited } }).unified?.["memory.swap.max"];
  const burstable = () => pod("a").requests({ memory: "4Gi" });
  assert.equal(swaps(burstable()), String(2 * 2 ** 30));
  assert.equal(swaps(burstable(), false), "0");
  assert.equal(swaps(burstable().limits({ memory: "4Gi" })), "0");
  assert.equal(swaps(pod("a")), "0");
});

test("names within the cluster", () => {
  const made = pod("p", "ns").spec({ hostname: "me", subdomain: "sub", setHostnameAsFQDN: true }).build();
  assert.deepEqual(hostName(made, "cluster.local"), {
    hostname: "me.sub.ns.svc.cluster.local",
    short: "me",
    domain: "sub.ns.svc.cluster.local",
  });
  assert.equal(hostName(pod("a".repeat(62) + "-x").build(), "x").hostname, "a".repeat(62));
});

test("resolv.conf by policy", () => {
  const node = parseResolvConf("search lan.\nnameserver 192.0.2.1\noptions edns0\n");
  const facts = { clusterDns: ["10.0.0.10"], clusterDomain: "cluster.local", node };
  assert.deepEqual(podDns(pod("a", "ns").build(), facts), {
    servers: ["10.0.0.10"],
    searches: ["ns.svc.cluster.local", "svc.cluster.local", "cluster.local", "lan"],
    options: ["ndots:5"],
  });
  assert.deepEqual(podDns(pod("a").spec({ dnsPolicy: "Default" }).build(), facts), node);
  assert.deepEqual(dnsWarnings(pod("a").build(), facts), []);
  const nameservers = ["192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4"];
  const many = pod("a").spec({ dnsPolicy: "None", dnsConfig: { nameservers, searches: ["x".repeat(2049)] } });
  assert.deepEqual(
    dnsWarnings(many.build(), facts).map(({ message }) => message.replace(/^.* is: ?/, "")),
    ["", "192.0.2.1 192.0.2.2 192.0.2.3"],
  );
  assert.deepEqual(
    dnsWarnings(pod("a").build(), { ...facts, clusterDns: [] }).map(({ reason }) => reason),
    ["MissingClusterDNS"],
  );
  assert.deepEqual(
    podDns(
      pod("a")
        .spec({ dnsPolicy: "None", dnsConfig: { nameservers: ["1.1.1.1"] } })
        .build(),
      facts,
    ).servers,
    ["1.1.1.1"],
  );
});

test("variables of Services", () => {
  const made = structuredClone(service("redis-master").build()) as never as {
    spec: object;
    metadata: { namespace: string };
  };
  Object.assign(made.spec, {
    clusterIP: "10.0.0.11",
    ports: [{ name: "db", port: 6379, protocol: "TCP", targetPort: 6379 }],
  });
  const env = serviceEnv([made as never], made.metadata.namespace, true);
  assert.equal(env.get("REDIS_MASTER_SERVICE_HOST"), "10.0.0.11");
  assert.equal(env.get("REDIS_MASTER_SERVICE_PORT_DB"), "6379");
  assert.equal(env.get("REDIS_MASTER_PORT_6379_TCP_ADDR"), "10.0.0.11");
  assert.equal(serviceEnv([made as never], made.metadata.namespace, false).size, 0);
});
