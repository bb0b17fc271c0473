/** Network policies: what the table does with packets is what the policies say, whatever the order in which things come, change and go. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Pod } from "@kubets/api/generated/types/core-v1";
import type { NetworkPolicy, NetworkPolicySpec } from "@kubets/api/generated/types/networking-v1";
import fc from "fast-check";
import { compilePolicy } from "./compile.ts";
import { NftTable } from "./nft-table.ts";
import { PolicyPlanner } from "./planner.ts";
import { type PolicyPod, policyPod } from "./policy-pod.ts";
import { renderChain } from "./render.ts";
import { KernelModel } from "./testing/kernel-model.ts";
import { type Connection, verdictOf } from "./verdict.ts";

const policy = (name: string, spec: NetworkPolicySpec): NetworkPolicy =>
  ({ kind: "NetworkPolicy", metadata: { namespace: "a", name }, spec }) as NetworkPolicy;

const pod = (
  key: string,
  ip: string,
  labels: Record<string, string> = {},
  more: Partial<PolicyPod> = {},
): PolicyPod => ({
  key,
  namespace: key.split("/")[0] ?? "",
  labels,
  nodeName: "here",
  ips: [ip],
  namedPorts: [],
  ...more,
});

const rules = (direction: "ingress" | "egress", spec: NetworkPolicySpec, self = pod("a/self", "10.0.0.1")) =>
  renderChain(direction, [compilePolicy(policy("p", spec))], self)?.rules;

describe("the chain of a pod", () => {
  test("is not there where no policy restricts the direction", () => {
    assert.equal(rules("egress", { podSelector: {}, policyTypes: ["Ingress"] }), undefined);
  });

  test("drops everything when the policy has no rules", () => {
    assert.deepEqual(rules("ingress", { podSelector: {}, policyTypes: ["Ingress"] }), ["drop"]);
  });

  test("lets everything through by an empty rule", () => {
    assert.deepEqual(rules("ingress", { podSelector: {}, ingress: [{}] }), ["accept", "drop"]);
  });

  test("names blocks with their exceptions, and joins ports that overlap", () => {
    const ports = [{ port: 80 }, { port: 80, endPort: 90 }, { port: 53, protocol: "UDP" }, { protocol: "SCTP" }];
    const to = [{ ipBlock: { cidr: "10.0.0.0/8", except: ["10.1.0.0/16", "10.1.2.3/24"] } }];
    const block = "ip daddr 10.0.0.0/8 ip daddr != 10.1.0.0/16 ip daddr != 10.1.2.0/24";
    assert.deepEqual(rules("egress", { podSelector: {}, policyTypes: ["Egress"], egress: [{ to, ports }] }), [
      `${block} meta l4proto sctp return`,
      `${block} meta l4proto tcp th dport { 80-90 } return`,
      `${block} meta l4proto udp th dport { 53 } return`,
      "drop",
    ]);
  });

  test("takes a port's name from the pod that is reached", () => {
    const self = pod("a/self", "10.0.0.1", {}, { namedPorts: [{ name: "web", protocol: "tcp", port: 8080 }] });
    const spec = { podSelector: {}, ingress: [{ ports: [{ port: "web" }] }] };
    assert.deepEqual(rules("ingress", spec, self), ["meta l4proto tcp th dport { 8080 } accept", "drop"]);
    assert.deepEqual(rules("ingress", spec), ["drop"], "who has no such port is not reached by it");
  });
});

test("a port's name on the way out to a block is what the pods of the block call it", () => {
  const to = [{ ipBlock: { cidr: "10.0.0.0/30" } }];
  const egress = [{ to, ports: [{ protocol: "TCP", port: "web" }] }];
  const [rule = ""] = rules("egress", { podSelector: {}, policyTypes: ["Egress"], egress }) ?? [];
  assert.match(rule, /^ip daddr 10\.0\.0\.0\/30 meta l4proto tcp ip daddr \. th dport @ports-\w+-4 return$/);
});

test("pods on the host's network, and pods that ended, are nobody's peers", () => {
  const made = (spec: object, status: object) =>
    policyPod({ metadata: { namespace: "a", name: "x" }, spec: { containers: [], ...spec }, status } as unknown as Pod);
  assert.equal(made({ hostNetwork: true }, { podIP: "10.0.0.1" }), undefined);
  assert.equal(made({}, { podIP: "10.0.0.1", phase: "Succeeded" }), undefined);
  assert.deepEqual(made({}, { podIPs: [{ ip: "10.0.0.1" }, { ip: "fd00::1" }] })?.ips, ["10.0.0.1", "fd00::1"]);
  assert.equal(made({}, { podIP: "10.0.0.1 } ; flush ruleset" }), undefined, "what is no address goes into no command");
});

test("a block with an exception that cannot be read holds nobody", () => {
  const from = [{ ipBlock: { cidr: "10.0.0.0/8", except: ["10.1.0.0/99"] } }];
  assert.deepEqual(rules("ingress", { podSelector: {}, ingress: [{ from }] }), ["drop"]);
});

const NAMESPACES = ["a", "b"];
const label = fc.constantFrom<Record<string, string>>({}, { app: "x" }, { app: "y" }, { app: "x", tier: "db" });
const selector = fc.constantFrom(
  {},
  { matchLabels: { app: "x" } },
  { matchExpressions: [{ key: "app", operator: "NotIn", values: ["x"] }] },
  { matchExpressions: [{ key: "tier", operator: "Exists" }] },
);
const protocol = fc.constantFrom("TCP", "UDP");
const port = fc.oneof(
  fc.record({ protocol }),
  fc.record({ protocol, port: fc.constantFrom(80, 443, "web", "dns") }),
  fc.constant({ protocol: "TCP", port: 70, endPort: 90 }),
);
const peer = fc.oneof(
  fc.record({ podSelector: selector }),
  fc.record({ namespaceSelector: selector }),
  fc.record({ podSelector: selector, namespaceSelector: selector }),
  fc.constantFrom(
    { ipBlock: { cidr: "10.0.0.0/30" } },
    { ipBlock: { cidr: "0.0.0.0/0", except: ["10.0.0.2/32", "10.0.0.0/30"] } },
    { ipBlock: { cidr: "fd00::/64" } },
  ),
);
const list = <T>(of: fc.Arbitrary<T>) => fc.option(fc.array(of, { maxLength: 2 }), { nil: undefined });
const rulesOf = (peers: "from" | "to") =>
  list(fc.record({ [peers]: list(peer), ports: list(port) }, { requiredKeys: [] }));
const spec = fc.record(
  {
    podSelector: selector,
    policyTypes: fc.subarray(["Ingress", "Egress"]),
    ingress: rulesOf("from"),
    egress: rulesOf("to"),
  },
  { requiredKeys: ["podSelector", "policyTypes"] },
) as unknown as fc.Arbitrary<NetworkPolicySpec>;
const namedPorts = fc.constantFrom<PolicyPod["namedPorts"]>(
  [],
  [{ name: "web", protocol: "tcp", port: 80 }],
  [
    { name: "web", protocol: "tcp", port: 443 },
    { name: "dns", protocol: "udp", port: 80 },
  ],
);

type Change =
  | { kind: "pod"; key: string; pod: PolicyPod | undefined }
  | { kind: "policy"; key: string; policy: NetworkPolicy | undefined }
  | { kind: "namespace"; key: string; labels: Record<string, string> | undefined };

/** Few names, so that the same ones come, change and go; each name has an address of its own, but for two that share one. */
const change: fc.Arbitrary<Change> = fc.oneof(
  fc
    .tuple(
      fc.constantFrom(...NAMESPACES),
      fc.integer({ min: 0, max: 3 }),
      label,
      namedPorts,
      fc.boolean(),
      fc.boolean(),
    )
    .map(([namespace, i, labels, ports, isHere, isThere]): Change => {
      const key = `${namespace}/p${i}`;
      const n = namespace === "b" ? i + 4 : i;
      const ips = [`10.0.0.${n}`, `fd00::${n + 1}`];
      const made = pod(key, "", labels, { ips, namedPorts: ports, nodeName: isHere ? "here" : "there" });
      return { kind: "pod", key, pod: isThere ? made : undefined };
    }),
  fc
    .tuple(fc.constantFrom(...NAMESPACES), fc.integer({ min: 0, max: 2 }), fc.option(spec, { nil: undefined }))
    .map(([namespace, i, made]): Change => {
      const metadata = { namespace, name: `n${i}` };
      const policy = made && ({ kind: "NetworkPolicy", metadata, spec: made } as unknown as NetworkPolicy);
      return { kind: "policy", key: `${namespace}/n${i}`, policy };
    }),
  fc
    .tuple(fc.constantFrom(...NAMESPACES), fc.option(label, { nil: undefined }))
    .map(([key, labels]): Change => ({ kind: "namespace", key, labels })),
);

class World {
  readonly table = new NftTable();
  readonly planner = new PolicyPlanner("here", this.table);
  readonly pods = new Map<string, PolicyPod>();
  readonly policies = new Map<string, NetworkPolicy>();
  readonly namespaces = new Map<string, Record<string, string>>();

  make(change: Change): void {
    const keep = <V>(map: Map<string, V>, value: V | undefined) =>
      value ? map.set(change.key, value) : map.delete(change.key);
    if (change.kind === "pod") {
      keep(this.pods, change.pod);
      this.planner.setPod(change.key, change.pod);
    } else if (change.kind === "policy") {
      keep(this.policies, change.policy);
      this.planner.setPolicy(change.key, change.policy && compilePolicy(change.policy));
    } else {
      keep(this.namespaces, change.labels);
      this.planner.setNamespace(change.key, change.labels);
    }
  }

  connections(): Connection[] {
    const here = [...this.pods.values()].flatMap((pod) => pod.ips.map((ip) => ({ ip, pod })));
    const parties = [...here, { ip: "192.0.2.7" }, { ip: "fd01::7" }];
    const same = (a: string, b: string) => a.includes(":") === b.includes(":");
    return parties.flatMap((from) =>
      parties
        .filter((to) => same(from.ip, to.ip))
        .flatMap((to) =>
          ["tcp", "udp"].flatMap((proto) => [80, 443].map((n) => ({ from, to, protocol: proto, port: n }))),
        ),
    );
  }

  /** Of a connection each node looks after its own ends. */
  expected(connection: Connection): boolean {
    const policies = [...this.policies.values()].map(compilePolicy);
    const verdict = verdictOf(connection, policies, (name) => this.namespaces.get(name) ?? {});
    const here = (end: PolicyPod | undefined, said: boolean | undefined) => end?.nodeName !== "here" || (said ?? true);
    return here(connection.from.pod, verdict.egress?.allowed) && here(connection.to.pod, verdict.ingress?.allowed);
  }
}

test("after any changes, in any steps, the table does what the policies say", () => {
  fc.assert(
    fc.property(fc.array(fc.array(change, { maxLength: 6 }), { maxLength: 8 }), (steps) => {
      const world = new World();
      const kernel = new KernelModel();
      kernel.run(world.table.whole());
      world.table.commit();
      for (const changes of steps) {
        for (const each of changes) world.make(each);
        kernel.run(world.table.changes());
        world.table.commit();
      }
      const anew = new KernelModel();
      anew.run(world.table.whole());
      assert.deepEqual(kernel.dump(), anew.dump());
      for (const connection of world.connections())
        assert.equal(
          kernel.allows(connection),
          world.expected(connection),
          `${connection.from.ip} -> ${connection.to.ip} ${connection.protocol} ${connection.port}`,
        );
    }),
    { numRuns: 300 },
  );
});

test("a change that changes nothing costs no command", () => {
  const world = new World();
  const web = pod("a/web", "10.0.0.1", { app: "x" });
  world.make({
    kind: "policy",
    key: "a/n0",
    policy: policy("n0", { podSelector: {}, ingress: [{ from: [{ podSelector: {} }] }] }),
  });
  world.make({ kind: "pod", key: web.key, pod: web });
  world.table.commit();
  world.make({ kind: "pod", key: web.key, pod: { ...web } });
  assert.deepEqual(world.table.changes(), []);
});
