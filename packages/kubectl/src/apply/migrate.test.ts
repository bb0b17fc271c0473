import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { migrationPatch } from "./migrate.ts";

const entry = (manager: string, operation: string, fieldsV1: object) => ({
  manager,
  operation,
  apiVersion: "v1",
  fieldsV1,
});
const object = (...managedFields: object[]) => ({ metadata: { resourceVersion: "7", managedFields } }) as never;

describe("what client-side apply owned", () => {
  it("is left alone where it owned nothing", () =>
    assert.equal(migrationPatch(object(entry("x", "Update", {})), "kubectl"), undefined));

  it("leaves no claim to a map in which nothing is owned", () => {
    const annotations = { ".": {}, "f:kubectl.kubernetes.io/last-applied-configuration": {} };
    const fields = { "f:metadata": { "f:annotations": annotations, "f:labels": {} } };
    const [first] = migrationPatch(object(entry("kubectl-client-side-apply", "Update", fields)), "kubectl") ?? [];
    assert.deepEqual(first?.value, [entry("kubectl", "Apply", { "f:metadata": { "f:labels": {} } })]);
  });

  it("goes over to server-side apply, but for the annotation", () => {
    const annotations = { "f:kubectl.kubernetes.io/last-applied-configuration": {}, "f:own": {} };
    const client = entry("kubectl-client-side-apply", "Update", {
      "f:metadata": { "f:annotations": annotations },
      "f:data": { "f:a": {} },
    });
    const server = entry("kubectl", "Apply", { "f:data": { "f:b": {} } });
    const other = entry("x", "Update", {});
    const patch = migrationPatch(object(other, client, server), "kubectl");
    const fields = { "f:data": { "f:b": {}, "f:a": {} }, "f:metadata": { "f:annotations": { "f:own": {} } } };
    assert.deepEqual(patch, [
      { op: "replace", path: "/metadata/managedFields", value: [entry("kubectl", "Apply", fields), other] },
      { op: "replace", path: "/metadata/resourceVersion", value: "7" },
    ]);
  });
});
