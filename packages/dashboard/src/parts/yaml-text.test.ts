import assert from "node:assert/strict";
import { test } from "node:test";
import { toYaml } from "@kubets/machinery/yaml";
import { withoutManagedFields } from "./yaml-text.ts";

test("who set which field is left out, and no more", () => {
  const metadata = { annotations: { managedFields: "mine" }, name: "a", uid: "1" };
  const managedFields = [{ manager: "m", fieldsV1: { "f:data": {}, 'k:{"a":1}': { ".": {} } } }, { manager: "n" }];
  const rest = { apiVersion: "v1", data: { text: "  managedFields:\n  - kept\n" }, kind: "ConfigMap" };
  assert.equal(
    withoutManagedFields(toYaml({ ...rest, metadata: { ...metadata, managedFields } })),
    toYaml({ ...rest, metadata }),
  );
  assert.equal(withoutManagedFields(toYaml({ ...rest, metadata })), toYaml({ ...rest, metadata }));
});
