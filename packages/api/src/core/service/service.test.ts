import assert from "node:assert/strict";
import { test } from "node:test";
import { type FieldError, fieldErrorText } from "@kubets/machinery";
import type { Service, ServiceSpec } from "../../generated/types/core-v1.ts";
import type { Ingress } from "../../generated/types/networking-v1.ts";
import type { Draft } from "../../meta.ts";
import { ingressResource } from "../../networking/ingress.ts";
import { type ServiceBuilder, service } from "../../testing/service-builder.ts";
import { writeContext } from "../../testing/write-context.ts";
import { type Family, settleFamilies } from "./families.ts";
import { serviceResource } from "./index.ts";
import { serviceTable } from "./table.ts";
import { validateService } from "./validate.ts";
import { validateServiceUpdate } from "./validate-update.ts";

const texts = (errors: FieldError[]) => errors.map(fieldErrorText);
const fresh = (spec: Partial<ServiceSpec>): Draft<Service> => {
  const made = { ...service("s").build(), spec: { ports: [{ port: 80, targetPort: 80 }], ...spec } } as Draft<Service>;
  serviceResource.defaults?.(made);
  return made;
};
const settled = (spec: Partial<ServiceSpec>, cluster: Family[], old?: Service) => {
  const made = fresh(spec);
  const errors = texts(settleFamilies(made, old, cluster));
  return errors.length ? errors : [made.spec.ipFamilyPolicy, made.spec.ipFamilies];
};

for (const [what, spec, cluster, wanted] of [
  ["nothing said", {}, ["IPv4"], ["SingleStack", ["IPv4"]]],
  ["nothing said, with two families", {}, ["IPv6", "IPv4"], ["SingleStack", ["IPv6"]]],
  ["two preferred", { ipFamilyPolicy: "PreferDualStack" }, ["IPv4", "IPv6"], ["PreferDualStack", ["IPv4", "IPv6"]]],
  ["two preferred, one there", { ipFamilyPolicy: "PreferDualStack" }, ["IPv4"], ["PreferDualStack", ["IPv4"]]],
  ["an address", { clusterIP: "fd00::1" }, ["IPv4", "IPv6"], ["SingleStack", ["IPv6"]]],
  ["headless without selector", { clusterIP: "None" }, ["IPv4"], ["RequireDualStack", ["IPv4", "IPv6"]]],
  [
    "both, in a cluster of one",
    { ipFamilyPolicy: "RequireDualStack" },
    ["IPv4"],
    ['spec.ipFamilyPolicy: Invalid value: "RequireDualStack": this cluster is not configured for dual-stack services'],
  ],
] as [string, Partial<ServiceSpec>, Family[], unknown[]][])
  test(`families of a service: ${what}`, () => assert.deepEqual(settled(spec, cluster), wanted));

const right = service("s").port(80);
const update = (now: ServiceBuilder, old: ServiceBuilder) => texts(validateServiceUpdate(now.build(), old.build()));

test("a plain service is right, and one without ports is not", () => {
  assert.deepEqual(texts(validateService(right.build())), []);
  assert.deepEqual(texts(validateService(service("s").build())), ["spec.ports: Required value"]);
});

test("ports are told apart by protocol and by name", () => {
  const twice = service("s").port(80, 80, { name: "a" }).port(80, 81, { name: "a" });
  assert.deepEqual(texts(validateService(twice.build())), [
    'spec.ports[1].name: Duplicate value: "a"',
    'spec.ports[1]: Duplicate value: {"Name":"","Protocol":"TCP","AppProtocol":null,"Port":80,"TargetPort":0,"NodePort":0}',
  ]);
});

test("an address once given stays", () => {
  assert.deepEqual(update(service("s").port(80).clusterIP("10.0.0.2"), service("s").port(80).clusterIP("10.0.0.1")), [
    'spec.clusterIPs[0]: Invalid value: ["10.0.0.2"]: may not change once set',
  ]);
});

test("what was allocated is kept, and goes with the type that needed it", () => {
  const old = service("s")
    .port(80, 80, { nodePort: 30080 })
    .type("NodePort")
    .spec({ externalTrafficPolicy: "Cluster" })
    .build();
  const prepared = (type: string): Service["spec"] => {
    const made = fresh({ type, ...(type === "ExternalName" ? { externalName: "a.b" } : {}) });
    if (type === "ClusterIP") Object.assign(made.spec, structuredClone(old.spec), { type });
    serviceResource.prepareForUpdate?.(made, old, writeContext());
    return made.spec as Service["spec"];
  };
  assert.equal(prepared("NodePort").ports?.[0]?.nodePort, 30080);
  assert.equal(prepared("NodePort").clusterIP, "10.96.0.1");
  const inner = prepared("ClusterIP");
  assert.deepEqual(
    [inner.ports?.[0]?.nodePort, inner.externalTrafficPolicy, inner.clusterIP],
    [undefined, undefined, "10.96.0.1"],
  );
  assert.equal(prepared("ExternalName").clusterIP, undefined);
});

for (const [what, built, wanted] of [
  ["of its own", right, ["ClusterIP", "10.96.0.1", "<none>", "80/TCP"]],
  [
    "of nodes",
    service("s").port(80, 80, { nodePort: 30080 }).type("NodePort"),
    ["NodePort", "10.96.0.1", "<none>", "80:30080/TCP"],
  ],
  [
    "of a balancer that is not there yet",
    service("s").port(80).type("LoadBalancer"),
    ["LoadBalancer", "10.96.0.1", "<pending>", "80/TCP"],
  ],
  [
    "of a balancer",
    service("s")
      .port(80)
      .type("LoadBalancer")
      .status({ loadBalancer: { ingress: [{ ip: "1.2.3.4", ipMode: "VIP" }] } }),
    ["LoadBalancer", "10.96.0.1", "1.2.3.4", "80/TCP"],
  ],
] as [string, ServiceBuilder, unknown[]][])
  test(`the row of a service ${what}`, () =>
    assert.deepEqual(serviceTable.cells(built.build(), 0).slice(1, 5), wanted));

test("a service's name may begin with a digit, where that feature is on, and what an ingress leads to too", () => {
  const named = { ...service("1st").build(), spec: fresh({}).spec } as Service;
  const backend = { service: { name: "1st", port: { number: 80 } } };
  const ingress = { metadata: { name: "i" }, spec: { defaultBackend: backend }, status: {} } as unknown as Ingress;
  const errors = (...features: string[]) =>
    texts([
      ...(serviceResource.validate?.(named, writeContext(...features)) ?? []),
      ...(ingressResource.validate?.(ingress, writeContext(...features)) ?? []),
    ]).map((text) => text.replace(/: a DNS-1035 label must.*/, ""));
  assert.deepEqual(serviceResource.validateName?.("1st", false), []);
  assert.deepEqual(errors("RelaxedServiceNameValidation"), []);
  assert.deepEqual(errors(), [
    'metadata.name: Invalid value: "1st"',
    'spec.defaultBackend.service.name: Invalid value: "1st"',
  ]);
});
