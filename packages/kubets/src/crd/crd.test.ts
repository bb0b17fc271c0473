import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { runCommand } from "@kubets/machinery/command";
import { crdCommand } from "./command.ts";
import { lineOf, namesOf } from "./locate.ts";

const DEFINITION = `# boats
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: boats.harbour.example}
spec:
  group: harbour.example
  scope: Namespaced
  names: {plural: boats, kind: Boat}
  versions:
  - name: v1
    served: true
    storage: true
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec:
            type: object
            properties:
              crew:
                type: integer
                maximum: 9
              name:
                type: string
                pattern: "^[a-z]+$"
            x-kubernetes-validations:
            - rule: "!has(self.crew) || self.crew > 0"
`;

describe("kubets crd check", () => {
  const folder = mkdtempSync(join(tmpdir(), "kubets-crd-"));
  after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "boats.yaml");

  async function check(text: string) {
    writeFileSync(file, text);
    let output = "";
    const io = { output: (t: string) => (output += t), error: (t: string) => (output += t) };
    const code = await runCommand(crdCommand, ["check", file], io);
    return { code, output: output.replaceAll(`${file}:`, "FILE:") };
  }

  it("takes what is right", async () => {
    assert.deepEqual(await check(DEFINITION), { code: 0, output: "1 definition: a server would take them\n" });
  });

  it("says what is wrong, and at which line", async () => {
    const wrong = DEFINITION.replace("type: integer", "type: int").replace('"^[a-z]+$"', '"("');
    const { code, output } = await check(wrong);
    assert.equal(code, 1);
    assert.deepEqual(output.trimEnd().split("\n"), [
      'FILE:21: spec.validation.openAPIV3Schema.properties[spec].properties[crew].type: Unsupported value: "int": supported values: "array", "boolean", "integer", "number", "object", "string"',
      'FILE:25: spec.validation.openAPIV3Schema.properties[spec].properties[name].pattern: Invalid value: "(": must be a valid regular expression, but isn\'t: error parsing regexp: missing closing ): `(`',
    ]);
  });

  it("compiles rules", async () => {
    const { code, output } = await check(DEFINITION.replace("self.crew > 0", "self.oars > 0"));
    assert.equal(code, 1);
    assert.match(output, /^FILE:27: .*\.x-kubernetes-validations\[0\]\.rule: .*undefined field 'oars'/);
  });

  it("checks objects of the kinds that are defined beside them", async () => {
    const boat = (spec: string) =>
      `${DEFINITION}---\napiVersion: harbour.example/v1\nkind: Boat\nmetadata:\n  name: ann\nspec:\n${spec}`;
    assert.equal((await check(boat("  crew: 3\n"))).output, "1 definition, 1 object: a server would take them\n");
    assert.deepEqual((await check(boat("  crew: 12\n  oars: 2\n"))).output.trimEnd().split("\n"), [
      "FILE:35: warning: spec.oars: is no field of the kind, and would be dropped",
      "FILE:34: spec.crew: Invalid value: 12: spec.crew in body should be less than or equal to 9",
    ]);
  });

  it("tells fields that no definition has, and files without one", async () => {
    assert.match(
      (await check(DEFINITION.replace("served: true", "server: true"))).output,
      /FILE:11: warning: spec\.versions\[0\]\.server: is no field of a definition/,
    );
    assert.deepEqual((await check("kind: ConfigMap\n")).code, 1);
  });
});

it("finds lines by the names on the way", () => {
  assert.deepEqual(namesOf("spec.versions[0].schema.properties[a.b].items"), [
    "spec",
    "versions",
    0,
    "schema",
    "properties",
    "a.b",
    "items",
  ]);
  const lines = "a:\n- b: 1\n  c: 2\n- b: 3\n  c:\n    d: 4\ne: 5".split("\n");
  assert.equal(lineOf(lines, 1, "a[0].c"), 3);
  assert.equal(lineOf(lines, 1, "a[1].c.d"), 6);
  assert.equal(lineOf(lines, 1, "a[1].nothing"), 4);
  assert.equal(lineOf(lines, 1, "e"), 7);
});
