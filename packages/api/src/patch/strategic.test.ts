import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { StatusError } from "@kubets/machinery";
import { structOf } from "../schema.ts";
import { goText } from "./go-text.ts";
import { strategicMergePatch } from "./strategic.ts";

const podTemplate = structOf("api.core.v1.PodSpec");
const configMap = structOf("api.core.v1.ConfigMap");
const deployment = structOf("api.apps.v1.DeploymentSpec");

const spec = frozen({
  containers: [
    {
      name: "c",
      image: "img:1",
      env: [
        { name: "A", value: "1" },
        { name: "B", value: "2" },
      ],
      args: ["x", "y"],
    },
    { name: "d", image: "img:1" },
  ],
  volumes: [{ name: "v", emptyDir: {} }],
  nodeSelector: { a: "1", b: "2" },
  tolerations: [{ key: "k" }],
});
const [c, d] = spec.containers as [object, object];

describe("strategic merge patch", () => {
  const cases: [name: string, patch: object, want: object][] = [
    [
      "merges a list by its key",
      { containers: [{ name: "d", image: "2" }] },
      { containers: [{ name: "d", image: "2" }, c].reverse() },
    ],
    ["puts what is new first", { containers: [{ name: "e" }] }, { containers: [{ name: "e" }, c, d] }],
    ["deletes an item", { containers: [{ name: "c", $patch: "delete" }] }, { containers: [d] }],
    ["replaces a list", { containers: [{ $patch: "replace" }, { name: "n" }] }, { containers: [{ name: "n" }] }],
    ["replaces a map", { nodeSelector: { $patch: "replace", z: "1" } }, { nodeSelector: { z: "1" } }],
    ["empties a map", { nodeSelector: { $patch: "delete" } }, { nodeSelector: {} }],
    ["removes by null", { volumes: null, nodeSelector: { a: null } }, { volumes: undefined, nodeSelector: { b: "2" } }],
    ["replaces lists without a key", { tolerations: [{ key: "z" }] }, { tolerations: [{ key: "z" }] }],
    [
      "retains keys",
      { volumes: [{ name: "v", $retainKeys: ["name", "hostPath"], hostPath: { path: "/" } }] },
      { volumes: [{ name: "v", hostPath: { path: "/" } }] },
    ],
    [
      "orders elements",
      { "$setElementOrder/containers": [{ name: "n" }, { name: "d" }, { name: "c" }], containers: [{ name: "n" }] },
      { containers: [{ name: "n" }, d, c] },
    ],
    [
      "drops directives and nulls where nothing was",
      { containers: [{ name: "e", env: [{ name: "X", value: null }], "$setElementOrder/env": [{ name: "X" }] }] },
      { containers: [{ name: "e", env: [{ name: "X" }] }, c, d] },
    ],
  ];
  for (const [name, patch, want] of cases)
    test(name, () => {
      const merged = { ...spec, ...want } as Record<string, unknown>;
      for (const key of Object.keys(want)) if (merged[key] === undefined) delete merged[key];
      assert.deepEqual(strategicMergePatch(podTemplate, spec, frozen(patch)), merged);
    });

  test("merges lists of scalars, and deletes from them", () => {
    const object = frozen({ metadata: { finalizers: ["a", "b"] } });
    const after = (metadata: object) => strategicMergePatch(configMap, object, { metadata })["metadata"];
    assert.deepEqual(after({ finalizers: ["c"] }), { finalizers: ["c", "a", "b"] });
    assert.deepEqual(after({ "$deleteFromPrimitiveList/finalizers": ["a"] }), { finalizers: ["b"] });
    assert.deepEqual(after({ "$setElementOrder/finalizers": ["b", "a"] }), { finalizers: ["b", "a"] });
  });

  test("takes odd keys for plain data", () => {
    const patch = JSON.parse('{"data":{"__proto__":"x","constructor":"y"}}') as object;
    const object = strategicMergePatch(configMap, frozen({ data: {} }), patch);
    assert.equal(JSON.stringify(object), '{"data":{"__proto__":"x","constructor":"y"}}');
    assert.equal(Object.getPrototypeOf(object["data"]), Object.prototype);
  });
});

describe("faults of a strategic merge patch", () => {
  const cases: [patch: object, code: number, text: string][] = [
    [
      { containers: [{ name: "c", $patch: "explode" }] },
      500,
      "unknown patch type: explode in map: map[$patch:explode name:c]",
    ],
    [{ nodeSelector: { $patch: "x" } }, 500, "unknown patch type: x in map: map[$patch:x]"],
    [{ containers: [{ image: "x" }] }, 500, "map: map[image:x] does not contain declared merge key: name"],
    [{ $retainKeys: ["containers"], volumes: [] }, 400, "invalid patch format of retainKeys"],
    [
      { "$setElementOrder/containers": [{ name: "d" }], containers: [{ name: "c", image: "img:2" }] },
      500,
      "The order in patch list:\n[map[image:img:2 name:c]]\n doesn't match $setElementOrder list:\n[map[name:d]]\n",
    ],
  ];
  for (const [patch, code, text] of cases)
    test(text.trim(), () => {
      assert.throws(
        () => strategicMergePatch(podTemplate, spec, patch),
        (error) => error instanceof StatusError && error.code === code && error.message === text,
      );
    });

  test("a strategy that lacks a given field", () => {
    const patch = { strategy: { $retainKeys: ["type"], type: "RollingUpdate", rollingUpdate: {} } };
    assert.throws(() => strategicMergePatch(deployment, { strategy: { type: "x" } }, patch), /retainKeys/);
  });
});

test("values as Go prints them", () => {
  assert.equal(goText({ b: [1, true, null], a: { x: 1.5e-7 } }), "map[a:map[x:1.5e-07] b:[1 true <nil>]]");
});

function frozen<T extends object>(value: T): T {
  for (const member of Object.values(value))
    if (typeof member === "object" && member !== null) frozen(member as object);
  return Object.freeze(value);
}
