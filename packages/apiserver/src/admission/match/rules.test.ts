import assert from "node:assert/strict";
import { test } from "node:test";
import { builtInResources } from "@kubets/api/all";
import type { ResourceDefinition } from "@kubets/api/resource";
import { ServedResources } from "../../served-resource.ts";
import type { Operation } from "../plugin.ts";
import { type Rule, rulesFor } from "./rules.ts";

const served = new ServedResources();
for (const definition of builtInResources) served.add({ definition, store: undefined });
const definitionOf = (path: string): ResourceDefinition => {
  const [resource = "", version = "v1", group = ""] =
    path.split(".").length > 1 ? [path.split(".")[0], "v1", path.split(".").slice(1).join(".")] : [path];
  const found = served.get(group, version, resource)?.definition;
  assert.ok(found, path);
  return found;
};

/** What a rule says, the request, and whether it is about it. */
const cases: [rule: Rule, operation: Operation, path: string, isAbout: boolean][] = [
  [{ operations: ["*"], apiGroups: ["*"], apiVersions: ["*"], resources: ["*"] }, "CREATE", "pods", true],
  [{ operations: ["*"], apiGroups: ["*"], apiVersions: ["*"], resources: ["*"] }, "CREATE", "pods/exec", false],
  [{ operations: ["*"], apiGroups: ["*"], apiVersions: ["*"], resources: ["*/*"] }, "CONNECT", "pods/exec", true],
  [{ operations: ["*"], apiGroups: ["*"], apiVersions: ["*"], resources: ["*/*"] }, "CREATE", "pods", true],
  [{ operations: ["*"], apiGroups: ["*"], apiVersions: ["*"], resources: ["pods/*"] }, "CREATE", "pods", true],
  [
    { operations: ["*"], apiGroups: ["*"], apiVersions: ["*"], resources: ["*/scale"] },
    "UPDATE",
    "deployments.apps/scale",
    true,
  ],
  [
    { operations: ["*"], apiGroups: ["*"], apiVersions: ["*"], resources: ["pods/exec"] },
    "CONNECT",
    "pods/attach",
    false,
  ],
  [{ operations: ["UPDATE"], apiGroups: [""], apiVersions: ["v1"], resources: ["pods"] }, "CREATE", "pods", false],
  [{ operations: ["CREATE"], apiGroups: [""], apiVersions: ["v1"], resources: ["pods"] }, "CREATE", "pods", true],
  [{ operations: ["CREATE"], apiGroups: ["apps"], apiVersions: ["v1"], resources: ["pods"] }, "CREATE", "pods", false],
  [{ operations: ["CREATE"], apiGroups: [""], apiVersions: ["v2"], resources: ["pods"] }, "CREATE", "pods", false],
  [
    { operations: ["*"], apiGroups: ["*"], apiVersions: ["*"], resources: ["*"], scope: "Cluster" },
    "CREATE",
    "pods",
    false,
  ],
  [
    { operations: ["*"], apiGroups: ["*"], apiVersions: ["*"], resources: ["*"], scope: "Cluster" },
    "CREATE",
    "namespaces",
    true,
  ],
  [
    { operations: ["*"], apiGroups: ["*"], apiVersions: ["*"], resources: ["*"], scope: "Namespaced" },
    "CREATE",
    "namespaces",
    false,
  ],
  [{ operations: ["*"], apiGroups: ["*"], apiVersions: ["*"], resources: ["*"], scope: "*" }, "CREATE", "nodes", true],
];

for (const [rule, operation, path, isAbout] of cases)
  test(`${JSON.stringify(rule)} is ${isAbout ? "" : "not "}about ${operation} ${path}`, () => {
    const [resource = "", subresource = ""] = path.split("/");
    const action = { operation, resource: definitionOf(resource), subresource };
    assert.equal(rulesFor([rule], "Exact", action, served).length > 0, isAbout);
  });
