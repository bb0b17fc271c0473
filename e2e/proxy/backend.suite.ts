/**
 * What every backend does with real packets: a node, two pods that serve, clients in a pod, on the node and outside.
 * A backend that cannot do a thing by its nature says so in its traits; all else must agree.
 */
import assert from "node:assert/strict";
import { after, before, beforeEach, describe, it } from "node:test";
import type { ProxyBackend } from "@kubets/proxy/backend";
import type { Target, Targets, VirtualPort } from "@kubets/proxy/plan";
import { type Place, TestNetwork } from "./network.ts";
import { cannotSendSctp, countSctp, sendInit } from "./sctp.ts";

export interface BackendTraits {
  /** Pods see who asks, not the node. */
  readonly keepsSource: boolean;
  /** What comes for nobody can vanish; else it is refused. */
  readonly drops: boolean;
  readonly sourceRanges: boolean;
  /** Stands below sockets: a connection lives while its endpoint lives, whatever happens to the proxy. */
  readonly inKernel: boolean;
}

/** Of those that stand in the kernel. */
export interface BackendOptions {
  readonly clusterCidrs?: readonly string[];
  readonly podInterface?: string;
  readonly nodePortAddresses?: readonly string[];
}

const VIP = "10.96.0.50";
const VIP6 = "fd00:96::50";

const cannot =
  process.getuid?.() === 0 ? false : "only root can make network namespaces: run `sudo npm run e2e -- proxy`";

export function proxyBackendSuite(
  name: string,
  open: (network: TestNetwork, more?: BackendOptions) => Promise<ProxyBackend>,
  traits: BackendTraits,
): void {
  describe(`${name} proxy`, { skip: cannot }, () => {
    const network = new TestNetwork();
    let backend: ProxyBackend;
    const target = (pod: "a" | "b", port = 8080): Target => ({ ip: network.pods[pod].ip, port, local: true });
    const to = (...endpoints: Target[]): Targets => ({ endpoints, whenEmpty: "reject" });
    const ask = (from: Place, host = VIP, port = 80, more = {}) => network.agent(from).ask(host, port, more);
    const server = (answer: string) => answer.split(" ")[0];
    const seen = (answer: string) => answer.split(" ")[1];
    const plan = (...ports: VirtualPort[]) => ({ ports: new Map(ports.map((port) => [port.id, port])) });

    function port(over: Partial<VirtualPort> = {}): VirtualPort {
      const internal = over.internal ?? to(target("a"), target("b"));
      return {
        id: `default/web:http/${over.protocol ?? "TCP"}/IPv4`,
        family: "IPv4",
        protocol: "TCP",
        port: 80,
        clusterIp: VIP,
        externalIps: [],
        loadBalancerIps: [],
        sourceRanges: [],
        internal,
        external: internal,
        masqueradeExternal: true,
        ...over,
      };
    }

    async function serversAsked(count: number, from: Place, host = VIP, on = 80, more = {}): Promise<Set<string>> {
      const found = new Set<string>();
      for (let i = 0; i < count; i++) found.add(server(await ask(from, host, on, more)) ?? "");
      return found;
    }

    before(async () => {
      network.make();
      for (const pod of ["a", "b"] as const) {
        for (const protocol of ["TCP", "UDP"] as const)
          for (const host of [network.pods[pod].ip, network.pods[pod].ip6])
            await network.agent(pod).order({ do: "serve", protocol, host, port: 8080, name: pod });
      }
      backend = await open(network);
      assert.equal(await backend.unavailable(), undefined);
    });
    after(async () => {
      await backend?.cleanup();
      network.remove();
    });
    beforeEach(() => backend.replace(plan()));

    it("spreads over the endpoints, for pods, the node and others", async () => {
      await backend.replace(plan(port()));
      for (const from of ["a", "node", "out"] as const)
        assert.deepEqual([...(await serversAsked(24, from))].sort(), ["a", "b"], `from ${from}`);
    });

    it("spreads evenly over many endpoints", async () => {
      const many: Target[] = [];
      for (let i = 0; i < 10; i++) {
        const [pod, on] = [i % 2 ? "a" : "b", 9000 + i] as const;
        const { ip } = network.pods[pod];
        await network.agent(pod).order({ do: "serve", protocol: "TCP", host: ip, port: on, name: `server-${i}` });
        many.push(target(pod, on));
      }
      for (const count of [5, 10]) {
        await backend.replace(plan(port({ internal: to(...many.slice(0, count)) })));
        const asked = new Map<string, number>();
        for (let i = 0; i < 200; i++) {
          const who = server(await ask("node")) ?? "";
          asked.set(who, (asked.get(who) ?? 0) + 1);
        }
        assert.equal(asked.size, count);
        // So far from even it is by chance a few times in a million runs.
        for (const times of asked.values()) assert.ok(times > 200 / count / 8, JSON.stringify([...asked]));
      }
    });

    it("lets a pod reach itself", async () => {
      await backend.replace(plan(port({ internal: to(target("a")) })));
      const answer = await ask("a");
      assert.equal(server(answer), "a");
      assert.notEqual(seen(answer), network.pods.a.ip);
    });

    it("shows the endpoint who asks", { skip: !traits.keepsSource && "sees the node" }, async () => {
      await backend.replace(plan(port({ internal: to(target("b")) })));
      assert.equal(await ask("a"), `b ${network.pods.a.ip}`);
    });

    it("masquerades who comes from outside of the pods' range", async () => {
      await backend.replace(plan(port({ internal: to(target("b")) })));
      assert.equal(server(await ask("out")), "b");
      assert.notEqual(seen(await ask("out")), network.outside.ip);
    });

    it("goes where a change says, and refuses when it is gone", async () => {
      await backend.replace(plan(port({ internal: to(target("a")) })));
      assert.deepEqual(await serversAsked(6, "node"), new Set(["a"]));
      await backend.apply({ put: [port({ internal: to(target("b")) })], remove: [] });
      assert.deepEqual(await serversAsked(6, "node"), new Set(["b"]));
      await backend.apply({ put: [port({ internal: to() })], remove: [] });
      assert.equal(await ask("node"), "ECONNREFUSED");
      assert.equal(await ask("a"), "ECONNREFUSED");
      await backend.apply({ put: [port()], remove: [] });
      assert.deepEqual([...(await serversAsked(24, "a"))].sort(), ["a", "b"]);
      await backend.apply({ put: [], remove: [port().id] });
      assert.ok(!["a", "b"].includes(server(await ask("node", VIP, 80, { timeoutMs: 500 })) ?? ""));
    });

    it("refuses other ports of a cluster IP", async () => {
      await backend.replace(plan(port()));
      assert.equal(await ask("a", VIP, 81), "ECONNREFUSED");
    });

    it("drops where others serve but not from here", { skip: !traits.drops && "can only refuse" }, async () => {
      const nobody: Targets = { endpoints: [], whenEmpty: "drop" };
      await backend.replace(plan(port({ internal: nobody })));
      assert.equal(await ask("a", VIP, 80, { timeoutMs: 500 }), "timeout");
    });

    it("serves node ports and outside addresses", async () => {
      await backend.replace(
        plan(port({ nodePort: 30080, externalIps: ["198.51.100.7"], loadBalancerIps: ["198.51.100.8"] })),
      );
      for (const host of [network.nodeIp, "198.51.100.7", "198.51.100.8"]) {
        const on = host === network.nodeIp ? 30080 : 80;
        assert.deepEqual([...(await serversAsked(24, "out", host, on))].sort(), ["a", "b"], host);
        assert.notEqual(seen(await ask("out", host, on)), network.outside.ip);
        assert.match(server(await ask("a", host, on)) ?? "", /^[ab]$/, host);
        assert.match(server(await ask("node", host, on)) ?? "", /^[ab]$/, host);
      }
    });

    it("keeps the source for the policy Local, and lets those inside go anywhere", async () => {
      const remote = { ...target("a"), local: false };
      const local = port({
        internal: to(remote, target("b")),
        external: to(target("b")),
        externalFromInside: to(remote, target("b")),
        masqueradeExternal: false,
        nodePort: 30080,
      });
      await backend.replace(plan(local));
      assert.deepEqual(await serversAsked(12, "out", network.nodeIp, 30080), new Set(["b"]));
      if (traits.keepsSource) {
        assert.equal(seen(await ask("out", network.nodeIp, 30080)), network.outside.ip);
        assert.deepEqual([...(await serversAsked(24, "node", network.nodeIp, 30080))].sort(), ["a", "b"]);
      }
      const elsewhere = port({ ...local, external: { endpoints: [], whenEmpty: "drop" } });
      await backend.apply({ put: [elsewhere], remove: [] });
      const answer = await ask("out", network.nodeIp, 30080, { timeoutMs: 500 });
      assert.match(answer, traits.drops ? /^timeout$/ : /^(timeout|ECONNREFUSED)$/);
    });

    const onlyInKernel = { skip: !traits.inKernel && "sees no packets" };

    it("tells pods by their link where it is told so", onlyInKernel, async () => {
      for (const podInterface of ["cni0", "cn*"]) {
        const other = await open(network, { clusterCidrs: [], podInterface });
        await other.replace(plan(port({ internal: to(target("b")) })));
        assert.equal(await ask("a"), `b ${network.pods.a.ip}`);
        assert.notEqual(seen(await ask("out")), network.outside.ip);
      }
    });

    it("serves node ports at no other addresses than it is told", onlyInKernel, async () => {
      for (const [range, answer] of [
        ["192.0.2.0/24", "b"],
        ["198.51.100.0/24", "ECONNREFUSED"],
      ] as const) {
        const other = await open(network, { nodePortAddresses: [range] });
        await other.replace(plan(port({ internal: to(target("b")), nodePort: 30080 })));
        assert.equal(server(await ask("out", network.nodeIp, 30080)), answer);
      }
    });

    it("admits only the source ranges of a load balancer", {
      skip: !traits.sourceRanges && "does not see sources",
    }, async () => {
      const balanced = (range: string) => port({ loadBalancerIps: ["198.51.100.8"], sourceRanges: [range] });
      await backend.replace(plan(balanced("203.0.113.0/24")));
      assert.equal(await ask("out", "198.51.100.8", 80, { timeoutMs: 500 }), "timeout");
      await backend.apply({ put: [balanced("192.0.2.0/24")], remove: [] });
      assert.match(server(await ask("out", "198.51.100.8")) ?? "", /^[ab]$/);
    });

    it("keeps a client with session affinity at its endpoint", async () => {
      const sticky = port({ affinitySeconds: 100 });
      await backend.replace(plan(sticky));
      const first = await serversAsked(20, "node");
      assert.equal(first.size, 1);
      await backend.apply({ put: [port({ ...sticky, nodePort: 30080 })], remove: [] });
      assert.deepEqual(await serversAsked(10, "node"), first);
      const other = first.has("a") ? "b" : "a";
      await backend.apply({ put: [port({ affinitySeconds: 100, internal: to(target(other)) })], remove: [] });
      assert.deepEqual(await serversAsked(5, "node"), new Set([other]));
    });

    it("keeps it there through restarts of the proxy", onlyInKernel, async () => {
      const sticky = plan(port({ affinitySeconds: 60 }));
      await backend.replace(sticky);
      const both = async () => [server(await ask("out")), server(await ask("node"))];
      const first = await both();
      // One that had forgotten them would send them elsewhere half of the time.
      for (let i = 0; i < 8; i++) {
        await (await open(network)).replace(sticky);
        assert.deepEqual(await both(), first, `after restart ${i + 1}`);
      }
    });

    it("forgets a client after its affinity's time", async () => {
      await backend.replace(plan(port({ affinitySeconds: 1 })));
      const found = new Set<string>();
      for (let i = 0; i < 12 && found.size < 2; i++) {
        found.add(server(await ask("node")) ?? "");
        await new Promise((resolve) => setTimeout(resolve, 1300));
      }
      assert.equal(found.size, 2);
    });

    it("carries datagrams, and moves a flow whose endpoint went", async () => {
      const dns = (pod: "a" | "b") => port({ protocol: "UDP", internal: to(target(pod)), nodePort: 30053 });
      await backend.replace(plan(dns("a")));
      const from = { protocol: "UDP", localPort: 40053 };
      assert.equal(server(await ask("out", VIP, 80, from)), "a");
      assert.equal(server(await ask("out", network.nodeIp, 30053, from)), "a");
      await backend.apply({ put: [dns("b")], remove: [] });
      assert.equal(server(await ask("out", VIP, 80, from)), "b");
      assert.equal(server(await ask("out", network.nodeIp, 30053, from)), "b");
    });

    it("carries SCTP, as far as the kernel has it", {
      skip: !traits.inKernel && "needs sockets of SCTP",
    }, async (t) => {
      const inPod = network.exec("b");
      const why = await cannotSendSctp(network.exec("a"));
      if (why) return t.skip(why);
      const count = await countSctp(inPod, 8080);
      await backend.replace(plan(port({ protocol: "SCTP", internal: to(target("b")), nodePort: 30132 })));
      await sendInit(network.exec("a"), VIP, 80);
      await until(async () => (await count()) === 1);
      await sendInit(network.exec("out"), network.nodeIp, 30132);
      await until(async () => (await count()) === 2);
    });

    it("keeps connections through changes and a replacement", async () => {
      await backend.replace(plan(port({ internal: to(target("a")) })));
      const hold = { protocol: "TCP", host: VIP, port: 80, name: "kept" } as const;
      assert.equal(server(await network.agent("node").order({ do: "hold", ...hold })), "a");
      await backend.apply({ put: [port({ internal: to(target("a"), target("b")) })], remove: [] });
      assert.equal(server(await network.agent("node").order({ do: "poke", ...hold })), "a");
      if (!traits.inKernel) return;
      await backend.replace(plan(port({ internal: to(target("a"), target("b")) })));
      assert.equal(server(await network.agent("node").order({ do: "poke", ...hold })), "a");
    });

    it("serves both families", async () => {
      const six = (pod: "a" | "b"): Target => ({ ip: network.pods[pod].ip6, port: 8080, local: true });
      const dual = port({
        id: "default/web:http/TCP/IPv6",
        family: "IPv6",
        clusterIp: VIP6,
        internal: to(six("a"), six("b")),
      });
      await backend.replace(plan(port(), dual));
      for (const host of [VIP, VIP6])
        assert.deepEqual([...(await serversAsked(24, "a", host))].sort(), ["a", "b"], host);
      await backend.apply({ put: [{ ...dual, internal: to(), external: to() }], remove: [] });
      assert.equal(await ask("a", VIP6), "ECONNREFUSED");
    });

    it("lets two services want the same outside address: the first has it, then the second", async () => {
      const one = port({ id: "default/one:http/TCP/IPv4", externalIps: ["198.51.100.7"], internal: to(target("a")) });
      const two = port({
        id: "default/two:http/TCP/IPv4",
        clusterIp: "10.96.0.51",
        externalIps: ["198.51.100.7"],
        internal: to(target("b")),
      });
      await backend.replace(plan(one, two));
      assert.deepEqual(await serversAsked(4, "out", "198.51.100.7"), new Set(["a"]));
      await backend.apply({ put: [], remove: [one.id] });
      assert.deepEqual(await serversAsked(4, "out", "198.51.100.7"), new Set(["b"]));
    });

    it("takes over from a predecessor, and cleans up after itself", async () => {
      await backend.replace(plan(port({ id: "default/old:http/TCP/IPv4", clusterIp: "10.96.0.99" })));
      const successor = traits.inKernel ? await open(network) : backend;
      await successor.replace(plan(port()));
      assert.match(server(await ask("a")) ?? "", /^[ab]$/);
      assert.ok(!["a", "b"].includes(server(await ask("node", "10.96.0.99", 80, { timeoutMs: 300 })) ?? ""));
      await successor.cleanup();
      assert.ok(!["a", "b"].includes(server(await ask("node", VIP, 80, { timeoutMs: 300 })) ?? ""));
    });
  });
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + 5000;
  while (!(await condition())) assert.ok(performance.now() < end, "did not come true in 5 s");
}
