import assert from "node:assert/strict";
import { test } from "node:test";
import { builtInResources, resourcesOnRequest } from "@kubets/api/all";
import { servedResources } from "@kubets/api/runtime-config";
import { serverEntries } from "./server-entries.ts";

const KNOWN = [...builtInResources, ...resourcesOnRequest];
const entriesWith = (...config: string[]) =>
  new Map(
    serverEntries(
      servedResources(config, () => true),
      KNOWN,
    ).map((entry) => [entry.name, entry]),
  );

test("a server tells what it writes, all that it can read, and what it serves of that", () => {
  const usual = entriesWith();
  assert.deepEqual(usual.get("core.pods"), {
    name: "core.pods",
    resources: ["/pods"],
    versions: { encodingVersion: "v1", decodableVersions: ["v1"], servedVersions: ["v1"] },
  });
  const mutating = (entries: typeof usual) => {
    const { versions } = entries.get("admissionregistration.k8s.io.mutatingadmissionpolicies") ?? {};
    return [versions?.decodableVersions, versions?.servedVersions].map((all) => [...(all ?? [])].sort());
  };
  const group = "admissionregistration.k8s.io";
  const all = [`${group}/v1`, `${group}/v1alpha1`, `${group}/v1beta1`];
  assert.deepEqual(mutating(usual), [all, [`${group}/v1`]]);
  assert.deepEqual(mutating(entriesWith(`${group}/v1beta1`)), [all, [`${group}/v1`, `${group}/v1beta1`]]);
});

test("groups that share what is stored are told of together, and what is not stored is not told of", () => {
  const entries = entriesWith();
  assert.deepEqual(entries.get("core.events"), {
    name: "core.events",
    resources: ["/events", "events.k8s.io/events"],
    versions: { encodingVersion: "v1", decodableVersions: ["v1", "events.k8s.io/v1"], servedVersions: ["v1"] },
  });
  for (const name of ["events.k8s.io.events", "core.componentstatuses", "authentication.k8s.io.tokenreviews"])
    assert.ok(!entries.has(name), name);
});
