/**
 * Network policies and real packets: five pods on two nodes and a host outside, a few dozen policies, and each time every connection between
 * them. What gets through is what a reading of the policies one by one says. Everything in network namespaces of the test's own.
 */
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { after, before, describe, it } from "node:test";
import { namespaces, networkpolicies, pods } from "@kubets/api/generated/refs";
import type { Pod } from "@kubets/api/generated/types/core-v1";
import type { NetworkPolicy, NetworkPolicySpec } from "@kubets/api/generated/types/networking-v1";
import { createClient, SharedInformers } from "@kubets/client";
import { MemoryApi } from "@kubets/client/testing/memory-api";
import { realClock, realRandom, silentLogger } from "@kubets/machinery";
import { machineExec } from "@kubets/machinery/exec";
import { compilePolicy } from "@kubets/network/policy/compile";
import { enforcePolicies, type RunningPolicies } from "@kubets/network/policy/enforce";
import { type PolicyPod, policyPod } from "@kubets/network/policy/policy-pod";
import { type Party, verdictOf } from "@kubets/network/policy/verdict";
import { Agent } from "../proxy/network.ts";

const PREFIX = `kq${process.pid.toString(36)}`;
const cannot = process.getuid?.() !== 0 ? "only root can make network namespaces" : false;
const NODES = { n1: "172.30.5.1", n2: "172.30.5.2" } as const;
const OUTSIDE = "172.30.5.9";
const PODS = [
  { name: "web", namespace: "a", node: "n1", ip: "10.244.1.2", labels: { app: "web" } },
  { name: "db", namespace: "a", node: "n1", ip: "10.244.1.3", labels: { app: "db", tier: "back" } },
  { name: "peer", namespace: "a", node: "n2", ip: "10.244.2.2", labels: { app: "web" } },
  { name: "web", namespace: "b", node: "n1", ip: "10.244.1.4", labels: { app: "web" } },
  { name: "other", namespace: "b", node: "n2", ip: "10.244.2.3", labels: {} },
] as const;
const NAMESPACE_LABELS: Record<string, Record<string, string>> = { a: { team: "red" }, b: { team: "blue" } };
/** 81 is called "admin" by the pods of namespace a. */
const SERVED = [
  { protocol: "TCP", port: 80 },
  { protocol: "TCP", port: 81 },
  { protocol: "UDP", port: 80 },
] as const;

const web = { matchLabels: { app: "web" } };
const blue = { matchLabels: { team: "blue" } };
const both = ["Ingress", "Egress"];
const dns = { ports: [{ protocol: "UDP", port: 80 }] };

/** Each is what namespace a and b hold for one round. */
const ROUNDS: readonly {
  readonly about: string;
  readonly a?: NetworkPolicySpec[];
  readonly b?: NetworkPolicySpec[];
}[] = [
  { about: "nothing restricts anybody" },
  { about: "no way in", a: [{ podSelector: {}, policyTypes: ["Ingress"] }] },
  { about: "no way out", a: [{ podSelector: {}, policyTypes: ["Egress"] }] },
  {
    about: "no way at all, anywhere",
    a: [{ podSelector: {}, policyTypes: both }],
    b: [{ podSelector: {}, policyTypes: both }],
  },
  { about: "everything by empty rules", a: [{ podSelector: {}, policyTypes: both, ingress: [{}], egress: [{}] }] },
  { about: "one's own namespace", a: [{ podSelector: {}, ingress: [{ from: [{ podSelector: {} }] }] }] },
  {
    about: "pods of one's own namespace by label",
    a: [{ podSelector: web, ingress: [{ from: [{ podSelector: web }] }] }],
  },
  { about: "a namespace by label", a: [{ podSelector: {}, ingress: [{ from: [{ namespaceSelector: blue }] }] }] },
  { about: "all namespaces", a: [{ podSelector: {}, ingress: [{ from: [{ namespaceSelector: {} }] }] }] },
  {
    about: "pods of namespaces, both by label",
    a: [{ podSelector: {}, ingress: [{ from: [{ namespaceSelector: blue, podSelector: web }] }] }],
  },
  {
    about: "either of two peers",
    a: [{ podSelector: {}, ingress: [{ from: [{ namespaceSelector: blue }, { podSelector: web }] }] }],
  },
  { about: "a port", a: [{ podSelector: {}, ingress: [{ ports: [{ protocol: "TCP", port: 80 }] }] }] },
  { about: "a protocol", a: [{ podSelector: {}, ingress: [{ ports: [{ protocol: "UDP" }] }] }] },
  {
    about: "a range of ports",
    a: [{ podSelector: {}, ingress: [{ ports: [{ protocol: "TCP", port: 81, endPort: 90 }] }] }],
  },
  {
    about: "a port by name, on the way in",
    a: [{ podSelector: {}, ingress: [{ ports: [{ protocol: "TCP", port: "admin" }] }] }],
  },
  {
    about: "a port by name, on the way out",
    b: [{ podSelector: {}, policyTypes: ["Egress"], egress: [{ ports: [{ protocol: "TCP", port: "admin" }] }] }],
  },
  {
    about: "a port by name, out to a block",
    b: [
      {
        podSelector: {},
        policyTypes: ["Egress"],
        egress: [{ to: [{ ipBlock: { cidr: "10.244.1.0/24" } }], ports: [{ protocol: "TCP", port: "admin" }] }],
      },
    ],
  },
  {
    about: "a port by name of some pods",
    b: [
      {
        podSelector: {},
        policyTypes: ["Egress"],
        egress: [{ to: [{ namespaceSelector: {}, podSelector: web }], ports: [{ protocol: "TCP", port: "admin" }] }],
      },
    ],
  },
  { about: "a block", a: [{ podSelector: {}, ingress: [{ from: [{ ipBlock: { cidr: "10.244.2.0/24" } }] }] }] },
  {
    about: "a block with exceptions",
    a: [
      {
        podSelector: {},
        ingress: [
          {
            from: [{ ipBlock: { cidr: "10.244.0.0/16", except: ["10.244.1.2/32", "10.244.2.3/32", "10.244.2.2/31"] } }],
          },
        ],
      },
    ],
  },
  {
    about: "the outside alone",
    a: [
      {
        podSelector: {},
        policyTypes: ["Egress"],
        egress: [{ to: [{ ipBlock: { cidr: "0.0.0.0/0", except: ["10.244.0.0/16"] } }] }],
      },
    ],
  },
  {
    about: "from outside alone",
    a: [{ podSelector: {}, ingress: [{ from: [{ ipBlock: { cidr: `${OUTSIDE}/32` } }] }] }],
  },
  {
    about: "out to pods by label, in any namespace",
    b: [{ podSelector: {}, policyTypes: ["Egress"], egress: [{ to: [{ namespaceSelector: {}, podSelector: web }] }] }],
  },
  {
    about: "two policies add up",
    a: [
      { podSelector: web, policyTypes: ["Ingress"] },
      { podSelector: {}, ingress: [{ from: [{ podSelector: web }] }] },
    ],
  },
  {
    about: "one in, one out",
    a: [
      { podSelector: web, ingress: [{ from: [{ podSelector: {} }] }] },
      { podSelector: {}, policyTypes: ["Egress"], egress: [dns] },
    ],
  },
  {
    about: "both ends must agree",
    a: [{ podSelector: {}, ingress: [{ from: [{ namespaceSelector: blue }] }] }],
    b: [{ podSelector: {}, policyTypes: ["Egress"], egress: [{ to: [{ ipBlock: { cidr: "10.244.1.0/24" } }] }] }],
  },
  {
    about: "expressions",
    a: [
      {
        podSelector: { matchExpressions: [{ key: "tier", operator: "DoesNotExist" }] },
        ingress: [{ from: [{ podSelector: { matchExpressions: [{ key: "app", operator: "In", values: ["db"] }] } }] }],
      },
    ],
  },
];

const netns = (name: string) => `${PREFIX}-${name}`;
const ip = (command: string) => execFileSync("ip", command.split(" "), { stdio: "pipe" });
const at = (name: string, command: string) =>
  execFileSync("nsenter", [`--net=/run/netns/${netns(name)}`, "sh", "-c", command], { stdio: "pipe" }).toString();
const place = ({ namespace, name }: { namespace: string; name: string }) => `${namespace}-${name}`;
const PLACES = ["n1", "n2", "out", ...PODS.map(place)];

describe("network policies", { skip: cannot }, () => {
  const stop = new AbortController();
  const client = createClient(new MemoryApi());
  const agents = new Map<string, Agent>();
  const enforcements: RunningPolicies[] = [];
  const made = new Map<string, NetworkPolicy>();

  const podOf = ({ name, namespace, node, ip: podIP, labels }: (typeof PODS)[number]) => ({
    metadata: { name, namespace, labels },
    spec: {
      nodeName: node,
      containers: [
        { name: "c", ports: namespace === "a" ? [{ name: "admin", containerPort: 81, protocol: "TCP" }] : [] },
      ],
    },
    status: { phase: "Running", podIP, podIPs: [{ ip: podIP }] },
  });

  before(async () => {
    for (const name of PLACES) ip(`netns add ${netns(name)}`);
    for (const name of PLACES) at(name, "ip link set lo up");
    at("out", "ip link add br0 type bridge && ip link set br0 up && ip addr add 172.30.5.9/24 dev br0");
    for (const [name, address] of Object.entries(NODES)) {
      at(
        "out",
        `ip link add ${name} type veth peer name eth0 netns ${netns(name)} && ip link set ${name} master br0 up`,
      );
      at(name, `ip addr add ${address}/24 dev eth0 && ip link set eth0 up && ip link add cni0 type bridge`);
      at(name, `ip addr add 10.244.${name.slice(1)}.1/24 dev cni0 && ip link set cni0 up`);
      at(name, "echo 1 > /proc/sys/net/ipv4/ip_forward; echo 1 > /proc/sys/net/bridge/bridge-nf-call-iptables");
      const other = name === "n1" ? "n2" : "n1";
      at(name, `ip route add 10.244.${other.slice(1)}.0/24 via ${NODES[other]}`);
      at("out", `ip route add 10.244.${name.slice(1)}.0/24 via ${address}`);
    }
    for (const pod of PODS) {
      at(pod.node, `ip link add v-${place(pod)} type veth peer name eth0 netns ${netns(place(pod))}`);
      at(pod.node, `ip link set v-${place(pod)} master cni0 up`);
      at(place(pod), `ip addr add ${pod.ip}/24 dev eth0 && ip link set eth0 up`);
      at(place(pod), `ip route add default via 10.244.${pod.node.slice(1)}.1`);
      await client.create(pods, podOf(pod) as unknown as Pod);
    }
    for (const [name, labels] of Object.entries(NAMESPACE_LABELS))
      await client.create(namespaces, { metadata: { name, labels } });
    for (const name of ["out", "n1", ...PODS.map(place)]) {
      const agent = new Agent(netns(name));
      agents.set(name, agent);
      for (const served of SERVED) await agent.order({ do: "serve", host: "0.0.0.0", name, ...served });
    }
    for (const nodeName of Object.keys(NODES)) {
      const parts = { clock: realClock, random: realRandom, log: silentLogger, signal: stop.signal };
      const exec = machineExec(["nsenter", `--net=/run/netns/${netns(nodeName)}`, "--"]);
      enforcements.push(
        enforcePolicies({ cache: new SharedInformers({ client, ...parts }), nodeName, exec, ...parts }),
      );
    }
    await Promise.all(enforcements.map(({ ready }) => ready));
  });

  after(() => {
    stop.abort();
    for (const agent of agents.values()) agent.stop();
    for (const name of PLACES) spawnSync("ip", ["netns", "del", netns(name)]);
  });

  const parties: readonly (Party & { readonly place: string })[] = [
    ...PODS.map((pod) => ({
      place: place(pod),
      ip: pod.ip,
      pod: policyPod(podOf(pod) as unknown as Pod) as PolicyPod,
    })),
    { place: "out", ip: OUTSIDE },
  ];
  const connections = parties.flatMap((from) =>
    parties.flatMap((to) => (from === to ? [] : SERVED.map((served) => ({ from, to, ...served })))),
  );

  const passes = async ({ from, to, protocol, port }: (typeof connections)[number]): Promise<boolean> => {
    const answer = await agents.get(from.place)?.ask(to.ip, port, { protocol, timeoutMs: 400 });
    return answer?.startsWith(to.place) ?? false;
  };

  const expected = ({ from, to, protocol, port }: (typeof connections)[number]): boolean =>
    verdictOf(
      { from, to, protocol: protocol.toLowerCase(), port },
      [...made.values()].map(compilePolicy),
      (name) => NAMESPACE_LABELS[name] ?? {},
    ).allowed;

  const differing = async (): Promise<string[]> => {
    const passed = await Promise.all(connections.map(passes));
    return connections
      .filter((connection, i) => passed[i] !== expected(connection))
      .map(({ from, to, protocol, port }) => `${from.place} -> ${to.place} ${protocol} ${port}`);
  };

  const hold = async (specs: Record<string, readonly NetworkPolicySpec[] | undefined>): Promise<void> => {
    for (const { metadata } of made.values()) await client.delete(networkpolicies, metadata);
    made.clear();
    for (const [namespace, list = []] of Object.entries(specs))
      for (const [i, spec] of list.entries()) {
        const policy = { metadata: { namespace, name: `p${i}` }, spec } as NetworkPolicy;
        made.set(`${namespace}/p${i}`, policy);
        await client.create(networkpolicies, policy);
      }
  };

  /** A change has a moment to reach the kernel. */
  const agrees = async (): Promise<void> => {
    const end = performance.now() + 10_000;
    let wrong = await differing();
    while (wrong.length > 0 && performance.now() < end) wrong = await differing();
    assert.deepEqual(wrong, []);
  };

  for (const { about, a, b } of ROUNDS)
    it(about, async () => {
      await hold({ a, b });
      await agrees();
    });

  it("labels of pods and namespaces that change count at once", async () => {
    await hold({ a: [{ podSelector: {}, ingress: [{ from: [{ namespaceSelector: blue }] }] }] });
    await agrees();
    NAMESPACE_LABELS["b"] = { team: "red" };
    await client.patch(namespaces, { name: "b" }, { type: "merge", body: { metadata: { labels: { team: "red" } } } });
    await agrees();
  });

  it("the pod's own node reaches it, whatever the policies", async () => {
    await hold({ a: [{ podSelector: {}, policyTypes: both }] });
    await agrees();
    assert.equal(await agents.get("n1")?.ask(PODS[0].ip, 80), "a-web 10.244.1.1");
  });

  it("connections that stand go on", async () => {
    await hold({});
    await agrees();
    await agents.get("a-web")?.order({ do: "hold", protocol: "TCP", host: PODS[1].ip, port: 80, name: "kept" });
    await agents.get("a-web")?.order({ do: "poke", protocol: "TCP", host: "", port: 0, name: "kept" });
    await hold({ a: [{ podSelector: {}, policyTypes: both }] });
    await agrees();
    assert.equal(
      await agents.get("a-web")?.order({ do: "poke", protocol: "TCP", host: "", port: 0, name: "kept" }),
      "a-db 10.244.1.2",
    );
  });

  it("takes everything away again", async () => {
    for (const enforcement of enforcements) await enforcement.cleanup();
    for (const name of Object.keys(NODES)) assert.equal(at(name, "nft list ruleset"), "");
  });
});
