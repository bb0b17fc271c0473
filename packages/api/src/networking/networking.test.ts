import assert from "node:assert/strict";
import { test } from "node:test";
import { created, updated } from "../resource-hooks.fixture.ts";
import { ingressResource } from "./ingress.ts";
import { networkPolicyResource } from "./network-policy.ts";
import { serviceCidrResource } from "./service-cidr.ts";

const backend = { service: { name: "web", port: { number: 80 } } };

test("paths of an ingress are absolute and do not climb", () => {
  const errors = (path: string) =>
    created(ingressResource, {
      spec: { rules: [{ host: "a.example.com", http: { paths: [{ path, pathType: "Prefix", backend }] } }] },
    }).errors;
  const at = "spec.rules[0].http.paths[0].path: Invalid value:";
  assert.deepEqual(errors("/a"), []);
  assert.deepEqual(errors("a"), [`${at} "a": must be an absolute path`]);
  assert.deepEqual(errors("/a/.."), [`${at} "/a/..": cannot end with '/..'`]);
});

test("a host that is an address is none", () => {
  assert.deepEqual(
    created(ingressResource, { spec: { defaultBackend: backend, rules: [{ host: "1.2.3.4" }] } }).errors,
    ['spec.rules[0].host: Invalid value: "1.2.3.4": must be a DNS name, not an IP address'],
  );
});

test("a network policy with egress rules is about egress too", () => {
  const { object } = created(networkPolicyResource, { spec: { podSelector: {}, egress: [{ ports: [{ port: 53 }] }] } });
  assert.deepEqual(object.spec.policyTypes, ["Ingress", "Egress"]);
  assert.equal(object.spec.egress?.[0]?.ports?.[0]?.protocol, "TCP");
});

test("what a block leaves out lies within it", () => {
  const errors = (except: string) =>
    created(networkPolicyResource, {
      spec: { podSelector: {}, ingress: [{ from: [{ ipBlock: { cidr: "10.0.0.0/8", except: [except] } }] }] },
    }).errors;
  assert.deepEqual(errors("10.1.0.0/16"), []);
  assert.match(errors("11.0.0.0/16").join(), /must be a strict subset of `cidr`/);
  assert.match(errors("10.0.0.0/8").join(), /must be a strict subset of `cidr`/);
});

test("a service range may get a second family, and nothing else", () => {
  const { object } = created(serviceCidrResource, { spec: { cidrs: ["10.96.0.0/16"] } });
  const errors = (cidrs: string[]) => updated(serviceCidrResource, object, { spec: { cidrs } }).errors;
  assert.deepEqual(errors(["10.96.0.0/16", "fd00::/112"]), []);
  assert.match(errors(["10.97.0.0/16"]).join(), /field is immutable/);
  assert.match(errors(["10.96.0.0/16", "10.97.0.0/16"]).join(), /no more than one IP for each IP family/);
});
