import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { at, nameOf } from "../json.ts";
import { kustomize } from "./build.ts";

function folderOf(t: TestContext, files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), "kustomize-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(folder, name, ".."), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

const POD = `apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  containers: [{name: main, image: "host:5000/web:1", envFrom: [{configMapRef: {name: settings}}]}]
`;

test("what is generated is referred to by its whole name, and a change of it is a new name", async (t) => {
  const made = async (level: string) => {
    const folder = folderOf(t, {
      "kustomization.yaml": `resources: [pod.yaml]\nnamePrefix: my-\nconfigMapGenerator: [{name: settings, literals: ["LEVEL=${level}"]}]`,
      "pod.yaml": POD,
    });
    const [configMap, pod] = await kustomize(folder);
    assert.equal(nameOf(pod), "my-web");
    const [container] = at(pod, "spec", "containers") as object[];
    const [from] = at(container, "envFrom") as object[];
    assert.equal(at(from, "configMapRef", "name"), nameOf(configMap));
    return nameOf(configMap);
  };
  const [info, debug] = [await made("info"), await made("debug")];
  assert.match(info, /^my-settings-[a-z0-9]{10}$/);
  assert.notEqual(info, debug);
});

test("images are told from the ports of their registries", async (t) => {
  const folder = folderOf(t, {
    "kustomization.yaml": 'resources: [pod.yaml]\nimages: [{name: "host:5000/web", newTag: "2"}]',
    "pod.yaml": POD,
  });
  const [pod] = await kustomize(folder);
  assert.equal(at((at(pod, "spec", "containers") as object[])[0], "image"), "host:5000/web:2");
});

test("what cannot be built says what is wrong, and where", async (t) => {
  const refused = (text: string) => kustomize(folderOf(t, { "kustomization.yaml": text }));
  await assert.rejects(refused("resources: [nope.yaml]"), /resource nope\.yaml does not exist/);
  await assert.rejects(refused("nameprefix: x"), /unknown field "nameprefix"/);
  await assert.rejects(refused("resources: [.]"), /stands on itself/);
  await assert.rejects(kustomize(folderOf(t, { a: "" })), /unable to find one of 'kustomization\.yaml'/);
});
