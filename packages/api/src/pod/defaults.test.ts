import assert from "node:assert/strict";
import { test } from "node:test";
import type { Pod } from "../generated/types/core-v1.ts";
import type { Draft } from "../meta.ts";
import { defaultPod } from "./defaults.ts";
import { imageTag } from "./image-reference.ts";

const defaulted = (spec: object): Draft<Pod> => {
  const pod = { kind: "Pod", apiVersion: "v1", metadata: { name: "p" }, spec, status: {} } as unknown as Draft<Pod>;
  defaultPod(pod);
  return pod;
};

for (const [image, tag] of [
  ["busybox", "latest"],
  ["busybox:1.36", "1.36"],
  ["reg.example:5000/a/b", "latest"],
  ["reg.example:5000/a/b:v1", "v1"],
  [`busybox@sha256:${"a".repeat(64)}`, undefined],
  ["Not An Image", undefined],
] as const)
  test(`the tag of ${image} is ${tag}`, () => assert.equal(imageTag(image), tag));

test("defaults are the same when filled twice", () => {
  const spec = {
    hostNetwork: true,
    containers: [{ name: "c", image: "i", ports: [{ containerPort: 80 }], resources: { limits: { cpu: "1" } } }],
    volumes: [{ name: "v" }, { name: "s", secret: { secretName: "x" } }],
  };
  const once = defaulted(spec);
  const text = JSON.stringify(once);
  defaultPod(once);
  assert.equal(JSON.stringify(once), text);
  assert.deepEqual(once.spec.containers[0]?.resources.requests, { cpu: "1" });
  assert.equal(once.spec.containers[0]?.ports?.[0]?.hostPort, 80);
  assert.deepEqual(once.spec.volumes, [
    { name: "v", emptyDir: {} },
    { name: "s", secret: { secretName: "x", defaultMode: 420 } },
  ]);
});

test("the account's two names are one", () => {
  assert.equal(defaulted({ containers: [], serviceAccount: "a" }).spec.serviceAccountName, "a");
  assert.equal(defaulted({ containers: [], serviceAccount: "a", serviceAccountName: "b" }).spec.serviceAccount, "b");
});

test("amounts finer than a thousandth are rounded up", () => {
  const { spec } = defaulted({ containers: [{ name: "c", resources: { limits: { cpu: "100u" } } }] });
  assert.deepEqual(spec.containers[0]?.resources, { limits: { cpu: "1m" }, requests: { cpu: "1m" } });
});

test("a pod with resources of its own asks for what its containers do", () => {
  const containers = [{ name: "c", resources: { requests: { cpu: "1" } } }];
  assert.deepEqual(defaulted({ containers, resources: { limits: { cpu: "2", memory: "1Gi" } } }).spec.resources, {
    limits: { cpu: "2", memory: "1Gi" },
    requests: { cpu: "1", memory: "1Gi" },
  });
});
