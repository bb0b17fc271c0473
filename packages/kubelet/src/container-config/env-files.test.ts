import assert from "node:assert/strict";
import { test } from "node:test";
import { MemoryDisk } from "../disk/memory-disk.ts";
import { envFiles, envFileValue } from "./env-files.ts";

test("a file of variables", () => {
  const text = `# for people
A='one'
  B='it is # no remark'   # but this is

LINES='first
second'
EMPTY= 'not counted'
`;
  const value = (key: string) => envFileValue(text, key);
  assert.deepEqual(["A", "B", "LINES", "EMPTY", "NONE"].map(value), [
    "one",
    "it is # no remark",
    "first\nsecond",
    "",
    "",
  ]);
  for (const wrong of ["A=one", "A='one", "A='one' two", "A ='one'", "A", "='one'", "A="])
    assert.equal(envFileValue(`${wrong}\nX='x'\n`, "X"), undefined, wrong);
  assert.equal(envFileValue("X='x'\nnonsense\n", "X"), "x", "what stands after it is not read");
});

test("what is wrong with a key is told when it is asked for", async () => {
  const disk = new MemoryDisk();
  await disk.makeFolder("/v/sub");
  await disk.writeFile("/v/sub/env", `A='one'\nLONG='${"x".repeat(33_000)}'\n`);
  await disk.writeFile("/v/bad", "A=one\n");
  await disk.writeFile("/secret", "A='stolen'\n");
  await disk.link("/secret", "/v/link");
  const volumes = new Map([["v", { path: "/v", readOnly: false }]]);
  const ask = async (ref: { volumeName?: string; path?: string; key?: string; optional?: boolean }) => {
    const fileKeyRef = { volumeName: "v", path: "sub/env", key: "A", ...ref };
    const keys = await envFiles({ env: [{ name: "X", valueFrom: { fileKeyRef } }] }, volumes, disk);
    return keys(fileKeyRef);
  };
  assert.equal(await ask({}), "one");
  assert.equal(await ask({ key: "B", optional: true }), undefined);
  await assert.rejects(ask({ key: "B" }), { message: 'environment variable key "B" not found in file' });
  await assert.rejects(ask({ key: "LONG" }), /exceeds maximum size of 32KB/);
  await assert.rejects(ask({ key: "K".repeat(129) }), /exceeds maximum length of 128 characters/);
  await assert.rejects(ask({ volumeName: "w" }), { message: 'cannot find the volume "w" referenced by FileKeyRef' });
  for (const path of ["bad", "link", "none", "sub"])
    await assert.rejects(ask({ path, optional: true }), { message: "couldn't parse env file" }, path);
});
