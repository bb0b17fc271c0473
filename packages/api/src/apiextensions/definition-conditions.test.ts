import assert from "node:assert/strict";
import { test } from "node:test";
import type { CustomResourceDefinition } from "../generated/types/apiextensions-v1.ts";
import { plannedStatus } from "./accepted-names.ts";

const NAMES = { plural: "figs", singular: "fig", kind: "Fig", listKind: "FigList" };
const THEN = "2026-01-01T00:00:00Z";

test("what a client says of the generation of a condition stays when the server looks at the definition again", () => {
  const said = (type: string, reason: string, message: string) => ({
    type,
    status: "True",
    reason,
    message,
    lastTransitionTime: THEN,
    observedGeneration: 1,
  });
  const conditions = [
    said("NamesAccepted", "NoConflicts", "no conflicts found"),
    said("Established", "InitialNamesAccepted", "the initial names have been accepted"),
  ];
  const status = { acceptedNames: NAMES, conditions, storedVersions: ["v1"], observedGeneration: 1 };
  const spec = { group: "fruit.example", scope: "Namespaced", names: NAMES, versions: [] };
  const metadata = { name: "figs.fruit.example", uid: "u", resourceVersion: "3", creationTimestamp: THEN };
  const type = { apiVersion: "apiextensions.k8s.io/v1", kind: "CustomResourceDefinition" } as const;
  const definition: CustomResourceDefinition = { ...type, metadata: { ...metadata, generation: 2 }, spec, status };
  assert.equal(plannedStatus(definition, [], "2026-01-02T00:00:00Z"), status);
});
