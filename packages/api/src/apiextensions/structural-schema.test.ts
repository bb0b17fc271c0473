import assert from "node:assert/strict";
import { test } from "node:test";
import { fieldErrorText } from "@kubets/machinery";
import { structuralErrors } from "./structural-schema.ts";

test("what is a number or a text is no object whose fields are kept", () => {
  for (const other of ["x-kubernetes-preserve-unknown-fields", "x-kubernetes-embedded-resource"]) {
    const a = { "x-kubernetes-int-or-string": true, [other]: true };
    const errors = structuralErrors({ type: "object", properties: { a } }, "s").map(fieldErrorText);
    const expected = `s.properties[a].${other}: Invalid value: true: must be false if x-kubernetes-int-or-string is true`;
    assert.ok(errors.includes(expected), errors.join("\n"));
  }
});
