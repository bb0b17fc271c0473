import assert from "node:assert/strict";
import { test } from "node:test";
import type { Pod } from "../generated/types/core-v1.ts";
import { pod } from "../testing/pod-builder.ts";
import { podLimits, podRequests, resourceList, WITH_CLAIMS } from "./resources.ts";

const cpu = (amount: string) => ({ resources: { requests: { cpu: amount } } });
const sidecar = (amount: string) => ({ ...cpu(amount), restartPolicy: "Always" });

for (const [what, built, wanted] of [
  ["containers add up", pod("p").container("a", cpu("1")).container("b", cpu("500m")), "1500m"],
  ["a larger init container rules", pod("p").container("a", cpu("1")).initContainer("i", cpu("3")), "3"],
  ["a smaller one does not", pod("p").container("a", cpu("1")).initContainer("i", cpu("500m")), "1"],
  [
    "init containers run one by one",
    pod("p").container("a", cpu("1")).initContainer("i", cpu("2")).initContainer("j", cpu("2")),
    "2",
  ],
  ["a sidecar adds to the containers", pod("p").container("a", cpu("1")).initContainer("s", sidecar("1")), "2"],
  [
    "and to init containers after it",
    pod("p").container("a", cpu("1")).initContainer("s", sidecar("1")).initContainer("i", cpu("2")),
    "3",
  ],
  [
    "but not to those before it",
    pod("p").container("a", cpu("1")).initContainer("i", cpu("2")).initContainer("s", sidecar("1")),
    "2",
  ],
  [
    "overhead comes on top",
    pod("p")
      .container("a", cpu("1"))
      .spec({ overhead: { cpu: "250m" } }),
    "1250m",
  ],
  [
    "the pod's own requests stand above",
    pod("p")
      .container("a", cpu("1"))
      .spec({ resources: { requests: { cpu: "4" } } }),
    "4",
  ],
] as const)
  test(`requests: ${what}`, () => assert.equal(resourceList(podRequests(built.build())).cpu, wanted));

test("while it is resized a pod holds the larger of what it has and what it asks for", () => {
  const held = (asked: string, conditions: object[] = []) => {
    const containerStatuses = [{ name: "a", allocatedResources: { cpu: "2" } }];
    const running = { ...pod("p").container("a", cpu(asked)).build(), status: { containerStatuses, conditions } };
    return resourceList(podRequests(running as never)).cpu;
  };
  assert.equal(held("1"), "2");
  assert.equal(held("3"), "3");
  assert.equal(held("3", [{ type: "PodResizePending", status: "True", reason: "Infeasible" }]), "2");
});

test("so does one that asks for itself as a whole", () => {
  const resized = (asked: string, held: string, status = {}) =>
    podRequests(
      pod("p")
        .requests({ cpu: "100m" })
        .spec({ resources: { requests: { cpu: asked } } })
        .status({ resources: { requests: { cpu: held } }, allocatedResources: { cpu: held }, ...status })
        .build(),
    );
  const infeasible = { conditions: [{ type: "PodResizePending", status: "True", reason: "Infeasible" }] };
  assert.equal(resourceList(resized("1", "2")).cpu, "2");
  assert.equal(resourceList(resized("3", "2")).cpu, "3");
  assert.equal(resourceList(resized("3", "2", infeasible)).cpu, "2");
});

test("overhead counts for limits only where there is a limit", () => {
  const limited = pod("p")
    .limits({ cpu: "1" })
    .spec({ overhead: { cpu: "1", memory: "1Mi" } })
    .build();
  assert.deepEqual(resourceList(podLimits(limited)), { cpu: "2" });
});

test("what devices of claims are made of counts for who asks, below the pod's own requests", () => {
  const status: Pod["status"] = {
    nodeAllocatableResourceClaimStatuses: [
      { resourceClaimName: "a", containers: ["c"], resources: { cpu: "2", "hugepages-2Mi": "4Mi" } },
      { resourceClaimName: "b", containers: ["c"], resources: { cpu: "500m" } },
    ],
  };
  const built = { ...pod("p").container("c", cpu("1")).build(), status };
  const asks = (spec: object, claims?: typeof WITH_CLAIMS) =>
    resourceList(podRequests({ ...built, spec: { ...built.spec, ...spec } }, claims));
  assert.deepEqual(asks({}), { cpu: "1" });
  assert.deepEqual(asks({ overhead: { cpu: "250m" } }, WITH_CLAIMS), { cpu: "3750m", "hugepages-2Mi": "4Mi" });
  assert.deepEqual(asks({ resources: { requests: { cpu: "5" } } }, WITH_CLAIMS), { cpu: "5", "hugepages-2Mi": "4Mi" });
});
