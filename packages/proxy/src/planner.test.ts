/** The plan, by a table of cases and against a naive reading of the specification on random services. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as fc from "fast-check";
import type { ProxyNode } from "./endpoints.ts";
import type { ProxyPlan, VirtualPort } from "./plan.ts";
import { planServices, ServicePlanner } from "./planner.ts";
import { endpoint, naivePlan, service, slice, type TestEndpoint } from "./testing/objects.ts";

const node: ProxyNode = { name: "here", labels: { "topology.kubernetes.io/zone": "west" } };
const first = (plan: ProxyPlan): VirtualPort => [...plan.ports.values()][0] as VirtualPort;
const ips = (targets: { readonly endpoints: readonly { readonly ip: string }[] }) =>
  targets.endpoints.map(({ ip }) => ip);
const planOf = (spec: object, ...endpoints: TestEndpoint[]) =>
  first(planServices([service("web", spec)], [slice("web-1", "web", endpoints)], node));

describe("the plan of services", () => {
  it("has one virtual port for each port and family", () => {
    const spec = {
      clusterIPs: ["10.0.0.1", "fd00::1"],
      ports: [
        { name: "a", port: 1 },
        { name: "b", port: 2, protocol: "UDP" },
      ],
    };
    const plan = planServices([service("web", spec)], [], node);
    assert.deepEqual(
      [...plan.ports.keys()],
      ["ns/web:a/TCP/IPv4", "ns/web:b/UDP/IPv4", "ns/web:a/TCP/IPv6", "ns/web:b/UDP/IPv6"],
    );
  });

  it("leaves out headless services, names, and those of other proxies", () => {
    const others = [
      service("a", { clusterIP: "None", clusterIPs: ["None"] }),
      service("b", { type: "ExternalName", externalName: "x.org", clusterIP: "", clusterIPs: [] }),
      service("c", {}, { "service.kubernetes.io/service-proxy-name": "mine" }),
    ];
    assert.equal(planServices(others, [], node).ports.size, 0);
  });

  const cases: [string, object, TestEndpoint[], { internal?: string[]; external?: string[]; empty?: string }][] = [
    ["ready ones alone", {}, [endpoint("1"), endpoint("2", { ready: false })], { internal: ["10.1.0.1"] }],
    [
      "terminating ones last",
      {},
      [endpoint("1", { ready: false, terminating: true }), endpoint("2")],
      { internal: ["10.1.0.2"] },
    ],
    [
      "terminating ones when there is no other",
      {},
      [endpoint("1", { ready: false, terminating: true })],
      { internal: ["10.1.0.1"] },
    ],
    [
      "none that does not serve",
      {},
      [endpoint("1", { ready: false, serving: false, terminating: true })],
      { internal: [], empty: "reject" },
    ],
    [
      "local ones for the policy Local",
      { internalTrafficPolicy: "Local" },
      [endpoint("1"), endpoint("2", { node: "here" })],
      { internal: ["10.1.0.2"], external: ["10.1.0.1", "10.1.0.2"] },
    ],
    [
      "none from here, some from elsewhere",
      { internalTrafficPolicy: "Local" },
      [endpoint("1")],
      { internal: [], empty: "drop" },
    ],
    [
      "local ones from outside",
      { externalTrafficPolicy: "Local" },
      [endpoint("1"), endpoint("2", { node: "here" })],
      { internal: ["10.1.0.1", "10.1.0.2"], external: ["10.1.0.2"] },
    ],
    [
      "local ones that terminate, from outside",
      { externalTrafficPolicy: "Local" },
      [endpoint("1"), endpoint("2", { node: "here", ready: false, terminating: true })],
      { internal: ["10.1.0.1"], external: ["10.1.0.2"] },
    ],
    [
      "those of the zone",
      {},
      [endpoint("1", { zones: ["east"] }), endpoint("2", { zones: ["west"] })],
      { internal: ["10.1.0.2"] },
    ],
    [
      "all when one has no hint",
      {},
      [endpoint("1", { zones: ["west"] }), endpoint("2")],
      { internal: ["10.1.0.1", "10.1.0.2"] },
    ],
    [
      "all when none is for the zone",
      {},
      [endpoint("1", { zones: ["east"] }), endpoint("2", { zones: ["east"] })],
      { internal: ["10.1.0.1", "10.1.0.2"] },
    ],
    [
      "those of the node before those of the zone",
      {},
      [endpoint("1", { zones: ["west"], nodes: ["there"] }), endpoint("2", { zones: ["west"], nodes: ["here"] })],
      { internal: ["10.1.0.2"] },
    ],
  ];
  for (const [name, spec, endpoints, wanted] of cases)
    it(`uses ${name}`, () => {
      const port = planOf(spec, ...endpoints);
      assert.deepEqual(ips(port.internal), wanted.internal);
      if (wanted.external) assert.deepEqual(ips(port.external), wanted.external);
      if (wanted.empty) assert.equal(port.internal.whenEmpty, wanted.empty);
    });

  it("tells of outside addresses by family, of affinity, and of policies", () => {
    const port = planOf({
      type: "LoadBalancer",
      clusterIPs: ["10.0.0.1"],
      externalIPs: ["192.0.2.1", "2001:db8::1"],
      loadBalancerSourceRanges: ["10.0.0.0/8 ", "2001:db8::/32"],
      sessionAffinity: "ClientIP",
      externalTrafficPolicy: "Local",
      ports: [{ port: 80, nodePort: 30080 }],
      ingress: [{ ip: "192.0.2.9", ipMode: "VIP" }, { ip: "192.0.2.10", ipMode: "Proxy" }, { hostname: "x.org" }],
    });
    assert.deepEqual(port.externalIps, ["192.0.2.1"]);
    assert.deepEqual(port.loadBalancerIps, ["192.0.2.9"]);
    assert.deepEqual(port.sourceRanges, ["10.0.0.0/8"]);
    assert.equal(port.affinitySeconds, 10_800);
    assert.equal(port.masqueradeExternal, false);
    assert.equal(port.nodePort, 30080);
    assert.deepEqual(ips(port.externalFromInside ?? { endpoints: [] }), []);
  });

  it("agrees with a naive reading, from scratch and by changes", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const planner = new ServicePlanner(node);
        const services = new Map<string, ReturnType<typeof service>>();
        const slices = new Map<string, ReturnType<typeof slice>>();
        const known = new Map<string, VirtualPort>();
        for (const { what, name, part, spec, endpoints, take } of steps) {
          const key = `${name}-${part}`;
          const oldService = services.get(name);
          const oldSlice = slices.get(key);
          if (what === "service") {
            services.set(name, service(name, spec));
            planner.putService(service(name, spec));
          } else if (what === "slice") {
            slices.set(key, slice(key, name, endpoints));
            planner.putSlice(slice(key, name, endpoints));
          } else if (what === "no service" && oldService) {
            services.delete(name);
            planner.removeService(oldService);
          } else if (what === "no slice" && oldSlice) {
            slices.delete(key);
            planner.removeSlice(oldSlice);
          }
          if (!take) continue;
          const { put, remove } = planner.takeChange();
          for (const id of remove) assert.ok(known.delete(id));
          for (const port of put) {
            assert.notDeepEqual(known.get(port.id), port);
            known.set(port.id, port);
          }
          const wanted = naivePlan([...services.values()], [...slices.values()], node);
          assert.deepEqual(byId(known), byId(wanted));
          assert.deepEqual(byId(planServices(services.values(), slices.values(), node).ports), byId(wanted));
        }
      }),
      { numRuns: 200 },
    );
  });
});

const byId = (ports: ReadonlyMap<string, VirtualPort>) => [...ports.values()].sort((a, b) => (a.id < b.id ? -1 : 1));

const policy = fc.constantFrom("Cluster", "Local");
const spec = fc.record({
  internalTrafficPolicy: policy,
  externalTrafficPolicy: policy,
  clusterIPs: fc.constantFrom(["10.0.0.1"], ["10.0.0.1", "fd00::1"], ["None"]),
  sessionAffinity: fc.constantFrom("None", "ClientIP"),
  ports: fc.constantFrom(
    [{ port: 80 }],
    [
      { name: "a", port: 80 },
      { name: "b", port: 81, nodePort: 30081 },
    ],
  ),
});
const some = fc.subarray(["here", "there", "west", "east"], { maxLength: 2 });
const anEndpoint = fc
  .record({
    at: fc.constantFrom("1", "2", "3", "4"),
    ready: fc.boolean(),
    serving: fc.boolean(),
    terminating: fc.boolean(),
    node: fc.constantFrom("here", "there"),
    zones: some,
    nodes: some,
  })
  .map(({ at, ...more }) => endpoint(at, more));
const step = fc.record({
  what: fc.constantFrom("service", "slice", "slice", "no service", "no slice"),
  name: fc.constantFrom("x", "y"),
  part: fc.constantFrom("1", "2"),
  spec,
  endpoints: fc.array(anEndpoint, { maxLength: 4 }),
  take: fc.boolean(),
});
