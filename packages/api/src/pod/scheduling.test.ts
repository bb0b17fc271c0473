import assert from "node:assert/strict";
import { test } from "node:test";
import { node } from "../testing/node-builder.ts";
import { pod } from "../testing/pod-builder.ts";
import { hostPorts, hostPortsConflict } from "./host-ports.ts";
import { matchesNodeAffinity } from "./node-affinity.ts";
import { tolerates, untoleratedTaint } from "./tolerations.ts";

const taint = { key: "k", value: "v", effect: "NoSchedule" };

for (const [toleration, wanted] of [
  [{ key: "k", value: "v", effect: "NoSchedule" }, true],
  [{ key: "k", operator: "Equal", value: "w" }, false],
  [{ key: "k", operator: "Exists" }, true],
  [{ operator: "Exists" }, true],
  [{ operator: "Exists", effect: "NoExecute" }, false],
  [{ key: "other", operator: "Exists" }, false],
] as const)
  test(`${JSON.stringify(toleration)} ${wanted ? "bears" : "does not bear"} k=v:NoSchedule`, () =>
    assert.equal(tolerates(toleration, taint), wanted));

test("Lt and Gt compare with the taint's number", () => {
  const numbered = { key: "k", value: "5", effect: "NoSchedule" };
  assert.equal(tolerates({ key: "k", operator: "Gt", value: "4" }, numbered), true);
  assert.equal(tolerates({ key: "k", operator: "Lt", value: "4" }, numbered), false);
  assert.equal(tolerates({ key: "k", operator: "Gt", value: "x" }, numbered), false);
});

test("only taints of the effects that are asked about count", () => {
  const soft = { key: "s", effect: "PreferNoSchedule" };
  assert.equal(untoleratedTaint([soft, taint], [], ["NoSchedule"]), taint);
  assert.equal(untoleratedTaint([soft], [], ["NoSchedule", "NoExecute"]), undefined);
});

const machine = node("n").labels({ zone: "a", size: "10" }).build();
const affinity = (...terms: object[]) => ({
  affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: terms as never } } },
});
const expression = (key: string, operator: string, ...values: string[]) => ({
  matchExpressions: [{ key, operator, values }],
});

for (const [what, spec, wanted] of [
  ["a selector that matches", { nodeSelector: { zone: "a" } }, true],
  ["a selector that does not", { nodeSelector: { zone: "b" } }, false],
  ["In", affinity(expression("zone", "In", "a", "b")), true],
  ["NotIn of a missing label", affinity(expression("none", "NotIn", "a")), true],
  ["Exists", affinity(expression("none", "Exists")), false],
  ["DoesNotExist", affinity(expression("none", "DoesNotExist")), true],
  ["Gt", affinity(expression("size", "Gt", "9")), true],
  ["Lt", affinity(expression("size", "Lt", "9")), false],
  ["any of several terms", affinity(expression("zone", "In", "x"), expression("zone", "In", "a")), true],
  ["an empty term", affinity({}), false],
  ["no term", affinity(), false],
  ["the node's name", affinity({ matchFields: [{ key: "metadata.name", operator: "In", values: ["n"] }] }), true],
] as const)
  test(`node affinity: ${what}`, () =>
    assert.equal(matchesNodeAffinity(pod("p").spec(spec).build().spec, machine), wanted));

test("host ports clash on one address, or on all", () => {
  const [port] = hostPorts(pod("p").hostPort(80, "TCP", "10.0.0.1").build().spec);
  assert.deepEqual(port, { protocol: "TCP", port: 80, ip: "10.0.0.1" });
  assert.ok(port);
  assert.equal(hostPortsConflict(port, { ...port, ip: "0.0.0.0" }), true);
  assert.equal(hostPortsConflict(port, { ...port, ip: "10.0.0.2" }), false);
  assert.equal(hostPortsConflict(port, { ...port, protocol: "UDP" }), false);
});
