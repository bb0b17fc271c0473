import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { JsonValue } from "../../json.ts";
import { parseGoTemplate } from "./template.ts";

const data: JsonValue = {
  items: [
    { name: "a", n: 1, labels: { x: "1", y: "2" } },
    { name: "b", n: 2 },
  ],
  empty: [],
  text: "aGk=",
};

const CASES: readonly (readonly [template: string, text: string])[] = [
  ["{{.text}}", "aGk="],
  ["{{.text | base64decode}}", "hi"],
  ["{{range .items}}{{.name}},{{end}}", "a,b,"],
  ["{{range $i, $e := .items}}{{$i}}={{$e.name}} {{end}}", "0=a 1=b "],
  ['{{range .items}}{{if eq .n 1}}one{{else if gt .n 1}}more{{end}}{{"\\n"}}{{end}}', "one\nmore\n"],
  ["{{range .empty}}x{{else}}none{{end}}", "none"],
  ["{{with (index .items 0).labels}}{{.x}}{{end}}", "1"],
  ['{{len .items}} {{printf "%s-%03d|%-4s|" .text 7 "x"}}', "2 aGk=-007|x   |"],
  ["{{- /* a remark */ -}} x {{- .text -}} y ", "xaGk=y "],
  ["{{.missing}}", "<no value>"],
  ["{{(index .items 0).labels}}", "map[x:1 y:2]"],
  ["{{$x := 1}}{{range .items}}{{$x = .n}}{{end}}{{$x}}", "2"],
  ["{{range .items}}{{if eq .n 2}}{{break}}{{end}}{{.name}}{{end}}", "a"],
  ['{{define "item"}}<{{.name}}>{{end}}{{range .items}}{{template "item" .}}{{end}}', "<a><b>"],
  ['{{define "x"}}[{{.}}]{{end}}{{template "x" 1}}{{template "x"}}', "[1][<no value>]"],
  ['{{block "b" .text}}={{.}}{{end}}{{template "b" 2}}', "=aGk==2"],
  ['{{define "deep"}}{{if gt . 0}}{{.}}{{template "deep" 0}}{{end}}{{end}}{{template "deep" 3}}', "3"],
  ["{{if and .text (not .empty)}}yes{{end}}", "yes"],
];

describe("Go templates", () => {
  for (const [template, text] of CASES) it(template, () => assert.equal(parseGoTemplate(template)(data), text));

  it("say what is wrong", () => {
    assert.throws(() => parseGoTemplate("{{.a"), /unclosed action/);
    assert.throws(() => parseGoTemplate("{{if .a}}x"), /unexpected EOF/);
    assert.throws(() => parseGoTemplate("{{nope .a}}")(data), /function "nope" not defined/);
    assert.throws(() => parseGoTemplate('{{template "none"}}')(data), /template "none" not defined/);
    assert.throws(() => parseGoTemplate("{{template x}}"), /must stand in quotes/);
    assert.throws(
      () => parseGoTemplate('{{define "l"}}{{template "l" .}}{{end}}{{template "l" .}}')(data),
      /maximum template depth/,
    );
    assert.throws(() => parseGoTemplate("{{$y}}")(data), /undefined variable/);
  });
});
