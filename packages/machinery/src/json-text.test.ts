import assert from "node:assert/strict";
import { it } from "node:test";
import { jsonText } from "./json-text.ts";

it("JSON stands in the order of its members, indented, with <, > and & escaped", () => {
  const value = { b: [1, { c: "<&>" }], a: {}, d: [], e: 12345678901234567890n };
  const wanted = `{
    "a": {},
    "b": [
        1,
        {
            "c": "\\u003c\\u0026\\u003e"
        }
    ],
    "d": [],
    "e": 12345678901234567890
}`;
  assert.equal(jsonText(value, 4), wanted);
  assert.equal(jsonText({ b: 1, a: "x" }), '{"a":"x","b":1}');
});
