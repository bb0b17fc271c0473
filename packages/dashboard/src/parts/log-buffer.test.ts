import assert from "node:assert/strict";
import { test } from "node:test";
import { KEPT_LINES, LogBuffer, textOf } from "./log-buffer.ts";
import { byTime } from "./log-reader.ts";

const line = (text: string, time = "", from = "web") => ({ time, text, from });

test("the last lines are kept, and those that are not are counted", () => {
  const buffer = new LogBuffer();
  let added = 0;
  for (const count of [1, 499, 1, 7000, 40_000, 3]) {
    buffer.add(Array.from({ length: count }, () => line(String(added++))));
    const kept = buffer.pieces.flat().map(({ text }) => Number(text));
    assert.equal(kept.length, buffer.size);
    assert.ok(kept.length >= Math.min(added, KEPT_LINES) && kept.length < KEPT_LINES + 500);
    assert.equal(kept.length + buffer.leftOut, added);
    assert.deepEqual(
      kept,
      Array.from({ length: kept.length }, (_, i) => buffer.leftOut + i),
    );
  }
});

test("lines are shown as it is wished", () => {
  const lines = [line("Begun", "10:00", "a"), line("over", "10:01", "b"), line("mark", "", "")];
  const plain = { filter: "", timestamps: false, names: false };
  assert.equal(textOf(lines, plain), "Begun\nover\nmark\n");
  assert.equal(textOf(lines, { ...plain, names: true, timestamps: true }), "[a] 10:00 Begun\n[b] 10:01 over\nmark\n");
  assert.equal(textOf(lines, { ...plain, filter: "BEG" }), "Begun\n");
});

test("lines of several pods stand by their times, those without behind what they followed", () => {
  const at = (second: number) => `2026-11-22T10:00:0${second}Z`;
  const mixed = [
    line("a1", at(1), "a"),
    line("a1 goes on", "", "a"),
    line("a3", at(3), "a"),
    line("b1", at(1), "b"),
    line("b2", at(2), "b"),
  ];
  assert.deepEqual(
    byTime(mixed).map(({ text }) => text),
    ["a1", "a1 goes on", "b1", "b2", "a3"],
  );
});
