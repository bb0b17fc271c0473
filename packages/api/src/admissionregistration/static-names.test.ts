import assert from "node:assert/strict";
import { test } from "node:test";
import type { KubeObject } from "../meta.ts";
import type { ResourceDefinition, WriteContext } from "../resource.ts";
import { admissionregistrationOnRequest, admissionregistrationResources } from "./index.ts";

const context = (isOn: boolean) => ({ featureEnabled: () => isOn }) as unknown as WriteContext;
const definitions = [...admissionregistrationResources, ...admissionregistrationOnRequest] as unknown[];

test("names of files are refused to new objects of every kind, or warned of without the feature", () => {
  for (const { kind, version, ...definition } of definitions as ResourceDefinition[]) {
    const found = (name: string, isOn: boolean, old?: KubeObject) => {
      const object = { metadata: { name } } as KubeObject;
      const errors = definition.validateNewName?.(object, context(isOn)) ?? [];
      return [errors.length, definition.warnings?.(object, old, context(isOn)).length];
    };
    const what = `${version} ${kind}`;
    assert.deepEqual(found("a.static.k8s.io", true), [1, 0], what);
    assert.deepEqual(found("a.static.k8s.io", false), [0, 1], what);
    assert.deepEqual(found("a.static.k8s.io", false, {} as KubeObject), [0, 0], `${what}, which is there`);
    assert.deepEqual(found("static.k8s.io.a", true), [0, 0], what);
  }
});
