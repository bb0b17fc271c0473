import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { alignTabs, DESCRIPTION, tableText } from "./tabs.ts";

describe("columns", () => {
  it("are as wide as their widest cell, with three blanks between and six letters at least", () => {
    const rows = [
      ["NAME", "R", "AGE"],
      ["a-long-name", "1/1", "5s"],
    ];
    assert.equal(tableText(rows), "NAME          R     AGE\na-long-name   1/1   5s\n");
  });

  it("end where a line has fewer cells", () => {
    const text = "Name:\tp\nA long title:\tx\nList:\n  k:\tv\n  longer:\tw\n";
    const wanted = "Name:          p\nA long title:  x\nList:\n  k:       v\n  longer:  w\n";
    assert.equal(alignTabs(text, DESCRIPTION), wanted);
  });

  it("keep the widths that they had before", () => {
    const widths: number[] = [];
    tableText([["a-long-name", "x"]], widths);
    assert.equal(tableText([["b", "y"]], widths), "b             y\n");
  });

  it("count letters, not their units", () => assert.equal(tableText([["ä😀", "x"]]), "ä😀    x\n"));
});
