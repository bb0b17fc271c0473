import assert from "node:assert/strict";
import { test } from "node:test";
import { wordsOf } from "./command-words.ts";

test("words stand between blanks or quotes", () => {
  assert.deepEqual(wordsOf(""), []);
  assert.deepEqual(wordsOf("  ls  -l "), ["ls", "-l"]);
  assert.deepEqual(wordsOf(`sh -c "echo 'a  b'; id" '' '"'`), ["sh", "-c", "echo 'a  b'; id", "", '"']);
});
