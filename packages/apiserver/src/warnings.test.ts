import assert from "node:assert/strict";
import { test } from "node:test";
import { warningTexts } from "@kubets/client/typed-client";
import { warningHeaders } from "./warnings.ts";

const told = (...texts: string[]) => warningTexts(warningHeaders(texts).join(", "));

test("each is told once, in any language, and read again as it was", () => {
  assert.deepEqual(warningHeaders([]), []);
  assert.deepEqual(warningHeaders(['a "b" \\']), ["warning", '299 - "a \\"b\\" \\\\"']);
  assert.deepEqual(told("one", "zwei äö", "三😀", "one", ""), ["one", "zwei äö", "三😀"]);
  for (const header of warningHeaders(["三😀"])) assert.match(header, /^[\x20-\x7e\x80-\xff]*$/);
});

test("what is no text of a header is left out", () => {
  assert.deepEqual(told("a\nb", "a\u0001", "a\u0085", "fine"), ["fine"]);
});

test("long ones are cut where they are too much together", () => {
  const long = (letter: string) => letter.repeat(3000);
  assert.deepEqual(told(long("a")), [long("a")]);
  assert.deepEqual(told(long("a"), "b", long("😀")), ["a".repeat(256), "b", "😀".repeat(256)]);
  assert.deepEqual(told("😀".repeat(1_000_000)), ["😀".repeat(256)]);
  const many = Array.from({ length: 1000 }, (_, i) => `warning ${1000 + i}`);
  assert.equal(told(...many).length, 342);
});
