import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { JsonValue } from "../json-value.ts";
import { jsonPathText, pathFinder } from "./evaluate.ts";
import { parseJsonPath } from "./parse.ts";

const list: JsonValue = {
  kind: "List",
  items: [
    { metadata: { name: "a", labels: { "app.kubernetes.io/name": "web" } }, n: 1, tags: ["x", "y", "z"], ready: true },
    { metadata: { name: "b" }, n: 2, tags: [], ready: false, none: null },
  ],
};

const CASES: readonly (readonly [template: string, text: string])[] = [
  ["kind is {.kind}", "kind is List"],
  ["{.items[*].metadata.name}", "a b"],
  ["{.items[0].metadata.name}", "a"],
  ["{.items[-1].metadata.name}", "b"],
  ["{.items[0].tags[0:2]}", "x y"],
  ["{.items[0].tags[::2]}", "x z"],
  ["{.items[0]['n', 'ready']}", "1 true"],
  ["{.items[*]['metadata.name', 'n']}", "a 1 b 2"],
  ["{.items[?(@.n==2)].metadata.name}", "b"],
  ["{.items[?(@.n>1)].metadata.name}", "b"],
  ['{.items[?(@.metadata.name=="a")].n}', "1"],
  ["{.items[?(@.ready==true)].metadata.name}", "a"],
  ["{.items[?(@.metadata.labels)].metadata.name}", "a"],
  ["{..name}", "a b"],
  ['{range .items[*]}{.metadata.name}{"\\t"}{.n}{"\\n"}{end}', "a\t1\nb\t2\n"],
  ["{.items[0].metadata.labels.app\\.kubernetes\\.io/name}", "web"],
  ["{.items[0].metadata.labels['app\\.kubernetes\\.io/name']}", "web"],
  ["{.items[0].metadata.labels}", '{"app.kubernetes.io/name":"web"}'],
  ["{.items[0].tags}", '["x","y","z"]'],
  ["{.missing.at.all}", ""],
  ["{$.kind}", "List"],
  ["{@.kind}", "List"],
  ["{.items[*].tags[*]}", "x y z"],
];

describe("kubectl's JSONPath", () => {
  for (const [template, text] of CASES)
    it(template, () => assert.equal(jsonPathText(parseJsonPath(template), list), text));

  it("takes paths without braces where it is asked for them", () => {
    for (const path of [".kind", "kind", "{.kind}", "{kind}"]) assert.deepEqual(pathFinder(path)(list), ["List"]);
  });

  it("says what is wrong", () => {
    assert.throws(() => parseJsonPath("{.a"), /unclosed action/);
    assert.throws(() => parseJsonPath("{range .items[*]}x"), /range without end/);
    assert.throws(() => parseJsonPath("{end}"), /not in range/);
    assert.throws(
      () => jsonPathText(parseJsonPath("{.items[7]}"), list),
      /array index out of bounds: index 7, length 2/,
    );
  });
});
