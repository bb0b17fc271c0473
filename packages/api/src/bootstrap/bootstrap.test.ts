import assert from "node:assert/strict";
import { test } from "node:test";
import { builtInResources } from "../all.ts";
import { readFacts, skipWithoutFacts as skip } from "../facts.fixture.ts";
import {
  builtInApiServices,
  clusterRoles,
  flowSchemas,
  namespacedRoleBindings,
  namespacedRoles,
  priorityLevels,
  roleBindings,
  rolesWith,
  systemNamespaces,
  systemPriorityClasses,
} from "./index.ts";

interface Named {
  readonly metadata?: { readonly name?: string; readonly namespace?: string };
}
type Objects = readonly Named[];

const key = ({ metadata }: Named) => `${metadata?.namespace ?? ""}/${metadata?.name ?? ""}`;
const sorted = (objects: Objects): Named[] => objects.toSorted((a, b) => (key(a) < key(b) ? -1 : 1));

/** The facts leave out what type an object has, and texts; absent rules stand there as null. */
function bare(objects: Objects): Named[] {
  return sorted(objects).map((object) => {
    const { apiVersion: _, kind: __, description: ___, ...rest } = object as Record<string, unknown>;
    return JSON.parse(
      JSON.stringify(rest.rules === undefined && "aggregationRule" in rest ? { ...rest, rules: null } : rest),
    );
  });
}
const facts = (path: string) => sorted((readFacts("bootstrap-objects.json") as Record<string, Objects>)[path] ?? []);

const rbac = "/apis/rbac.authorization.k8s.io/v1";
const flow = "/apis/flowcontrol.apiserver.k8s.io/v1";
const served: readonly [string, Objects][] = [
  [`${rbac}/clusterroles`, clusterRoles],
  [`${rbac}/clusterrolebindings`, roleBindings],
  [`${rbac}/roles`, namespacedRoles],
  [`${rbac}/rolebindings`, namespacedRoleBindings],
  [`${flow}/flowschemas`, flowSchemas],
  [`${flow}/prioritylevelconfigurations`, priorityLevels],
  ["/apis/scheduling.k8s.io/v1/priorityclasses", systemPriorityClasses],
  ["/apis/apiregistration.k8s.io/v1/apiservices", builtInApiServices(builtInResources)],
];

for (const [path, objects] of served)
  test(`a fresh server holds ${path} of the original`, { skip }, () => {
    assert.deepEqual(bare(objects), facts(path));
  });

test("a fresh server holds the namespaces of the original", { skip }, () => {
  assert.deepEqual(sorted(systemNamespaces).map(key), facts("/api/v1/namespaces").map(key));
});

test("every binding names a role that is there", () => {
  const names = new Set(clusterRoles.map(({ metadata }) => metadata?.name));
  for (const { roleRef } of roleBindings) assert.ok(names.has(roleRef?.name), `${roleRef?.name} is no cluster role`);
});

test("what features let the scheduler do comes together", () => {
  const { roles } = rolesWith((feature) => ["DRADeviceTaintRules", "GenericWorkload"].includes(feature));
  const { rules = [] } = roles.find(({ metadata }) => metadata?.name === "system:kube-scheduler") ?? {};
  const named = rules.flatMap(({ resources = [] }) => resources);
  for (const resource of ["nodes", "devicetaintrules", "podgroups", "podgroups/status"])
    assert.ok(named.includes(resource), resource);
});

test("with rules for tainted devices the scheduler and their controller may read them", () => {
  const readers = (features: readonly string[]) =>
    rolesWith((feature) => features.includes(feature))
      .roles.filter(({ rules }) => rules?.some(({ resources }) => resources?.includes("devicetaintrules")))
      .map(({ metadata }) => metadata?.name);
  assert.deepEqual(readers([]), []);
  assert.deepEqual(readers(["DRADeviceTaintRules"]), [
    "system:kube-scheduler",
    "system:controller:device-taint-eviction-controller",
  ]);
});
