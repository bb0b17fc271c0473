import assert from "node:assert/strict";
import { test } from "node:test";
import { builtInResources } from "../../all.ts";
import type { ValidatingAdmissionPolicySpec } from "../../generated/types/admissionregistration-v1.ts";
import { typeCheck } from "./type-checking.ts";

const warningsOf = (
  expression: string,
  more: Partial<ValidatingAdmissionPolicySpec> = {},
  resources = ["deployments"],
) =>
  typeCheck(
    {
      matchConstraints: {
        resourceRules: [{ apiGroups: ["apps"], apiVersions: ["v1"], operations: ["*"], resources }],
      },
      validations: [{ expression }],
      ...more,
    },
    builtInResources,
  );

test("a field that the kind does not have is told with its place", () => {
  assert.deepEqual(warningsOf("object.spec.replicas > 1 && object.spec.nothing == 1"), [
    {
      fieldRef: "spec.validations[0].expression",
      warning:
        "apps/v1, Kind=Deployment: ERROR: <input>:1:40: undefined field 'nothing'\n" +
        " | object.spec.replicas > 1 && object.spec.nothing == 1\n" +
        " | .......................................^\n",
    },
  ]);
});

test("types are those of the fields, through lists and maps", () => {
  const fits =
    "object.spec.template.spec.containers.all(c, c.image.startsWith('x')) && object.metadata.labels['a'] == 'b'";
  assert.deepEqual(warningsOf(fits), []);
  assert.match(
    warningsOf("object.spec.replicas == 'x'")[0]?.warning ?? "",
    /no matching overload for '_==_' applied to '\(int, string\)'/,
  );
});

test("variables have the types of their expressions for each kind", () => {
  const variables = [{ name: "spec", expression: "object.spec" }];
  assert.deepEqual(warningsOf("variables.spec.replicas > 1", { variables }), []);
  assert.match(warningsOf("variables.spec.nothing > 1", { variables })[0]?.warning ?? "", /undefined field 'nothing'/);
});

test("each kind that the rules name is checked; a star says nothing", () => {
  const warning = warningsOf("object.spec.paused", {}, ["deployments", "statefulsets", "*"])[0]?.warning ?? "";
  assert.match(warning, /^apps\/v1, Kind=StatefulSet: .*undefined field 'paused'/);
  assert.doesNotMatch(warning, /Kind=Deployment/);
  assert.deepEqual(warningsOf("object.spec.paused", {}, ["*"]), []);
});

test("parameters have their kind's type", () => {
  const params = { paramKind: { apiVersion: "v1", kind: "ConfigMap" } };
  assert.deepEqual(warningsOf("params.data['x'] == 'y'", params), []);
  assert.match(warningsOf("params.spec.x", params)[0]?.warning ?? "", /undefined field 'spec'/);
});
