import assert from "node:assert/strict";
import { test } from "node:test";
import type { Kind } from "../server/kinds.ts";
import { decided } from "./actions/approve.ts";
import { actionsOf } from "./actions.ts";
import { tabsOf } from "./tabs.ts";
import { podSelectorOf } from "./workload-pods.ts";

const kind = (name: string, subresources: Record<string, readonly string[]> = {}): Kind => {
  const [resource = "", group = ""] = name.split(/\.(.*)/s);
  const verbs = ["get", "list", "patch", "update", "delete"];
  const more = { verbs, shortNames: [], subresources: new Map(Object.entries(subresources)) };
  return { resource, group, version: "v1", kind: resource, namespaced: true, ...more };
};
const object = (spec: object = {}, status: object = {}) => ({ metadata: { name: "x" }, spec, status });
const scalable = { scale: ["get", "patch", "update"] };

for (const { of, spec, status, can } of [
  { of: kind("deployments.apps", scalable), can: "Scale Restart Roll_back Pause" },
  { of: kind("deployments.apps", scalable), spec: { paused: true }, can: "Scale Resume" },
  { of: kind("widgets.example.com", scalable), can: "Scale" },
  { of: kind("widgets.example.com", { status: ["get", "patch"] }), can: "" },
  { of: kind("daemonsets.apps"), can: "Restart Roll_back" },
  { of: kind("cronjobs.batch"), can: "Run_now Suspend" },
  { of: kind("jobs.batch"), spec: { suspend: true }, can: "Resume" },
  { of: kind("jobs.batch"), status: { conditions: [{ type: "Complete", status: "True" }] }, can: "" },
  { of: kind("pods"), can: "Evict" },
  { of: kind("pods", { ephemeralcontainers: ["get", "patch", "update"] }), can: "Debug Evict" },
  { of: kind("pods", { ephemeralcontainers: ["get"] }), can: "Evict" },
  { of: kind("nodes"), can: "Cordon Drain" },
  { of: kind("nodes"), spec: { unschedulable: true }, can: "Uncordon Drain" },
  { of: kind("certificatesigningrequests.certificates.k8s.io"), can: "Approve Deny" },
  {
    of: kind("certificatesigningrequests.certificates.k8s.io"),
    status: { conditions: [{ type: "Denied", status: "True" }] },
    can: "",
  },
])
  test(`${of.resource} ${JSON.stringify({ spec, status })}: ${can || "nothing"}`, () => {
    const titles = actionsOf(of, object(spec, status)).map(({ title }) => title);
    assert.equal(titles.map((title) => title.replace(" …", "").replace(" ", "_")).join(" "), can);
  });

test("a decision stands with what was said before", () => {
  const before = { type: "Failed", status: "True" };
  const { conditions = [] } = decided(object({}, { conditions: [before] }), "Denied", 0).status ?? {};
  assert.deepEqual(conditions[0], before);
  assert.deepEqual(conditions[1], {
    type: "Denied",
    status: "True",
    reason: "DashboardDeny",
    message: "This CSR was denied in the dashboard.",
    lastUpdateTime: "1970-01-01T00:00:00Z",
  });
});

test("what has pods has logs, and only pods have shells", () => {
  const titles = (of: Kind, spec: object) => tabsOf(of, object(spec)).map(({ title }) => title);
  assert.deepEqual(titles(kind("pods"), {}), ["Summary", "Logs", "Shell", "YAML", "Events"]);
  const selector = { matchLabels: { app: "web" } };
  assert.deepEqual(titles(kind("jobs.batch"), { selector }), ["Summary", "Logs", "YAML", "Events"]);
  assert.deepEqual(titles(kind("services"), { selector: { app: "web" } }), ["Summary", "YAML", "Events"]);
});

test("selectors are written as lists take them", () => {
  const matchExpressions = [
    { key: "tier", operator: "In", values: ["a", "b"] },
    { key: "old", operator: "DoesNotExist" },
    { key: "app", operator: "Exists" },
    { key: "zone", operator: "NotIn", values: ["c"] },
  ];
  const selector = { matchLabels: { app: "web" }, matchExpressions };
  const text = "app=web,tier in (a,b),!old,app,zone notin (c)";
  assert.equal(podSelectorOf(kind("replicasets.apps"), object({ selector })), text);
  const old = object({ selector: { app: "web", tier: "a" } });
  assert.equal(podSelectorOf(kind("replicationcontrollers"), old), "app=web,tier=a");
});
