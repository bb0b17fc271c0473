import assert from "node:assert/strict";
import { test } from "node:test";
import { pod } from "../testing/pod-builder.ts";
import { computeQosClass } from "./qos.ts";

const both = { cpu: "1", memory: "1Gi" };
const equal = { resources: { requests: both, limits: both } };

for (const [what, built, wanted] of [
  ["nothing asked for", pod("p"), "BestEffort"],
  ["only storage asked for", pod("p").requests({ "ephemeral-storage": "1Gi" }), "BestEffort"],
  ["a request", pod("p").requests({ cpu: "1" }), "Burstable"],
  ["limits that are the requests", pod("p").container("a", equal), "Guaranteed"],
  ["equal amounts written otherwise", pod("p").requests({ cpu: "1000m", memory: "1024Mi" }).limits(both), "Guaranteed"],
  ["one container without", pod("p").container("a", equal).container("b"), "Burstable"],
  ["an init container without", pod("p").container("a", equal).initContainer("i"), "Burstable"],
  ["no limit of memory", pod("p").requests({ cpu: "1" }).limits({ cpu: "1" }), "Burstable"],
  ["the pod's own resources", pod("p").spec({ resources: { requests: both, limits: both } }), "Guaranteed"],
] as const)
  test(`class of a pod with ${what}`, () => assert.equal(computeQosClass(built.build().spec), wanted));
