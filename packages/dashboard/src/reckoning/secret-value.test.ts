import assert from "node:assert/strict";
import { test } from "node:test";
import { secretValue } from "./secret-value.ts";

const of = (value: string | Uint8Array) => secretValue(Buffer.from(value).toString("base64"));

test("text is text, with its lines", () => {
  for (const text of ["", "word", "two\nlines\r\n\tand more", "ключ 🔑"]) assert.deepEqual(of(text), { text });
});

test("of other bytes only the size is told", () => {
  assert.deepEqual(of(new Uint8Array([0xff, 0xfe])), { bytes: 2 });
  assert.deepEqual(of("a\0b"), { bytes: 3 });
});
