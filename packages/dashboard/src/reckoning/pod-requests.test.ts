import assert from "node:assert/strict";
import { test } from "node:test";
import type { PodSpec } from "@kubets/api/generated/types/core-v1";
import { podLimit, podRequest } from "./pod-requests.ts";

const container = (cpu: string, more: object = {}) => ({ name: cpu, resources: { requests: { cpu } }, ...more });
const sidecar = (cpu: string) => container(cpu, { restartPolicy: "Always" });
const request = (spec: object) => podRequest(spec as unknown as PodSpec, "cpu");

const CASES: readonly (readonly [what: string, spec: object, cores: number])[] = [
  ["containers together", { containers: [container("1"), container("500m"), { name: "none" }] }, 1.5],
  ["the largest init container", { initContainers: [container("3"), container("2")], containers: [container("1")] }, 3],
  ["sidecars beside containers", { initContainers: [sidecar("1")], containers: [container("1")] }, 2],
  [
    "sidecars beside later init containers",
    { initContainers: [sidecar("1"), container("3")], containers: [container("1")] },
    4,
  ],
  [
    "no sidecars beside earlier ones",
    { initContainers: [container("3"), sidecar("1")], containers: [container("1")] },
    3,
  ],
  ["overhead", { overhead: { cpu: "100m" }, containers: [container("1")] }, 1.1],
  ["what the pod asks for as a whole", { resources: { requests: { cpu: "2" } }, containers: [container("1")] }, 2],
];

for (const [what, spec, cores] of CASES)
  test(`a pod asks for ${what}`, () => {
    assert.equal(request(spec), cores);
  });

test("a pod may take what its containers may together, if each has a limit, or what is set for the whole", () => {
  const limited = (cpu: string, more: object = {}) => ({ name: cpu, resources: { limits: { cpu } }, ...more });
  const limit = (spec: object) => podLimit(spec as unknown as PodSpec, "cpu");
  assert.equal(limit({ containers: [limited("1"), limited("500m")] }), 1.5);
  assert.equal(limit({ containers: [limited("1"), { name: "none" }] }), undefined);
  const initContainers = [limited("4"), limited("2", { restartPolicy: "Always" })];
  assert.equal(limit({ containers: [limited("1")], initContainers }), 3);
  assert.equal(limit({ containers: [{ name: "none" }], resources: { limits: { cpu: "2" } } }), 2);
});
