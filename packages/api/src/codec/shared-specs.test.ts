import assert from "node:assert/strict";
import { test } from "node:test";
import { podResource } from "../core/pod/index.ts";
import type { PlainObject } from "../meta.ts";
import { canonical } from "./canonical.ts";
import { encodeJson } from "./json.ts";
import { encodeObject } from "./known-texts.ts";
import { canonicalOfNew } from "./shared-specs.ts";

const { schema } = podResource;

/** As after its defaults: not in the order of canonical form. */
const made = (name: string, image: string): PlainObject => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name, labels: { b: "1", a: '"spec":0' } },
  spec: { restartPolicy: "Always", containers: [{ image, name: "c", resources: {}, env: [] }] },
  status: {},
});

test("new objects whose specs say the same share one from the second on, which nobody can change", () => {
  const [first, second, third] = ["a", "b", "c"].map((name) => canonicalOfNew(schema, made(name, "shared")));
  assert.notEqual(first?.["spec"], second?.["spec"]);
  assert.equal(second?.["spec"], third?.["spec"]);
  assert.ok(Object.isFrozen(third?.["spec"]));
  assert.notEqual(second?.["metadata"], third?.["metadata"]);
  assert.notEqual(canonicalOfNew(schema, made("d", "other"))["spec"], third?.["spec"]);
});

test("form and text are those of an object by itself", () => {
  for (const name of ["a", "b", "c"]) {
    const alone = canonical(schema, made(name, "form"));
    const object = canonicalOfNew(schema, made(name, "form"));
    assert.equal(encodeJson(object), encodeJson(alone));
    assert.equal(encodeObject(object), encodeJson(alone));
  }
});

test("a long spec is not kept", () => {
  const image = "i".repeat(20_000);
  const [, second, third] = ["a", "b", "c"].map((name) => canonicalOfNew(schema, made(name, image)));
  assert.notEqual(second?.["spec"], third?.["spec"]);
});
