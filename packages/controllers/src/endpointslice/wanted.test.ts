/** What a pod's endpoint says from its start to its end. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Pod, Service } from "@kubets/api/generated/types/core-v1";
import { inOneGo } from "@kubets/machinery/short-stretches";
import { planSubsets } from "../endpoints/plan.ts";
import { wantedSlices } from "./wanted.ts";

const DELETED = "2026-01-01T00:00:00Z";

const service = (publishNotReadyAddresses: boolean) =>
  ({
    metadata: { namespace: "default", name: "web" },
    spec: { clusterIP: "10.0.0.1", ipFamilies: ["IPv4"], ports: [{ port: 80 }], publishNotReadyAddresses },
  }) as unknown as Service;

const pod = (state: { phase?: string; ip?: string; ready?: boolean; deleted?: boolean }) =>
  ({
    metadata: { namespace: "default", name: "p", uid: "u", ...(state.deleted && { deletionTimestamp: DELETED }) },
    spec: { nodeName: "n", containers: [{ name: "c", image: "i" }] },
    status: {
      phase: state.phase ?? "Running",
      podIPs: [{ ip: state.ip ?? "10.244.0.1" }].filter(({ ip }) => ip),
      conditions: [{ type: "Ready", status: state.ready ? "True" : "False" }],
    },
  }) as unknown as Pod;

/** As a slice says it, and as Endpoints do. */
function told(one: Pod, publishAll = false): string {
  const [group] = inOneGo(wantedSlices(service(publishAll), [one], () => undefined));
  const slice = (group?.endpoints ?? []).map(({ conditions }) =>
    (["ready", "serving", "terminating"] as const).filter((name) => conditions[name]).join("+"),
  );
  const { subsets } = inOneGo(planSubsets(service(publishAll), [one]));
  const old = subsets.map(({ addresses }) => (addresses ? "ready" : "not ready"));
  return `${slice[0] ?? "none"} | ${old[0] ?? "none"}`;
}

test("an endpoint comes with the address, serves while the pod is ready, and goes when the pod has ended", () => {
  assert.equal(told(pod({ phase: "Pending", ip: "" })), "none | none");
  assert.equal(told(pod({ phase: "Pending" })), " | not ready");
  assert.equal(told(pod({ ready: true })), "ready+serving | ready");
  assert.equal(told(pod({ ready: true, deleted: true })), "serving+terminating | none");
  assert.equal(told(pod({ deleted: true })), "terminating | none");
  for (const phase of ["Succeeded", "Failed"]) {
    assert.equal(told(pod({ phase, deleted: true })), "none | none");
    assert.equal(told(pod({ phase }), true), "none | none");
  }
});

test("a service that publishes what is not ready calls all of it ready", () => {
  assert.equal(told(pod({ phase: "Pending" }), true), "ready | ready");
  assert.equal(told(pod({ ready: true, deleted: true }), true), "ready+serving+terminating | ready");
  assert.equal(told(pod({ deleted: true }), true), "ready+terminating | ready");
});
