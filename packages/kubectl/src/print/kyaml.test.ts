import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseYaml } from "@kubets/machinery/yaml";
import fc from "fast-check";
import type { JsonObject } from "../json.ts";
import { kyamlText } from "./kyaml.ts";

describe("KYAML", () => {
  it("stands in flow style", () => {
    const object: JsonObject = { kind: "A", list: [{ a: 1 }, { b: [] }], words: ["x"], none: {}, no: "yes", "1": null };
    assert.equal(
      kyamlText(object),
      `---
{
  "1": null,
  kind: "A",
  list: [{
    a: 1,
  }, {
    b: [],
  }],
  "no": "yes",
  none: {},
  words: [
    "x",
  ],
}
`,
    );
  });

  it("writes a text of several lines as several", () =>
    assert.equal(
      kyamlText({ text: "a\n  b\n\nc" }),
      '---\n{\n  text: "\\\n     a\\n\\\n    \\  b\\n\\\n     \\n\\\n     c\\\n    ",\n}\n',
    ));

  it("reads back as the same value", () => {
    const text = fc.oneof(fc.string(), fc.stringMatching(/^[a-z \t\n:#"\\]*$/));
    const value = fc.dictionary(fc.stringMatching(/^[\w.~ -]{1,6}$/), fc.oneof(text, fc.array(text), fc.integer()));
    fc.assert(
      fc.property(value, (object) => {
        assert.deepEqual({ ...(parseYaml(kyamlText(object as JsonObject)) as JsonObject) }, { ...object });
      }),
    );
  });
});
