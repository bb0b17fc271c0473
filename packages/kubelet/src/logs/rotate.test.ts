import assert from "node:assert/strict";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import { pod } from "@kubets/api/testing/pod-builder";
import { silentLogger } from "@kubets/machinery";
import { simulatedNode } from "../testing/simulated-node.ts";
import { rotateLogs } from "./rotate.ts";

test("a full log is moved aside, all but the newest are packed, and the oldest go", async (t) => {
  const node = await simulatedNode();
  t.after(() => node.stop());
  await node.api.createPod(pod("a").on("node-1").uid("u").container("c", { image: "demo:1" }).build());
  await node.clock.advance(5000);
  const { cache } = node.kubelet.tools;
  const path = cache.get("u").containers[0]?.logPath ?? "";
  const folder = path.slice(0, path.lastIndexOf("/"));
  const { disk, runtime, clock } = node;
  const rotate = () =>
    rotateLogs({ runtime, disk, log: silentLogger, cache, maxBytes: 10, maxFiles: 3, now: clock.now() });
  const names = async () => (await disk.list(folder)).sort();

  await disk.appendFile(path, "short\n");
  await rotate();
  assert.deepEqual(await names(), ["0.log"]);
  for (const word of ["first", "second", "third"]) {
    await disk.appendFile(path, `${word} long line\n`);
    await clock.advance(1000);
    await rotate();
  }
  const [current, packed = "", newest = "", ...more] = await names();
  assert.deepEqual([current, more], ["0.log", []]);
  assert.match(packed, /^0\.log\.\d{8}-\d{6}\.gz$/);
  assert.equal(gunzipSync(await disk.readFile(`${folder}/${packed}`)).toString(), "second long line\n");
  assert.equal((await disk.readFile(`${folder}/${newest}`)).toString(), "third long line\n");
  assert.equal((await disk.readFile(path)).toString(), "");

  runtime.reopenLog = async () => {
    throw new Error("no");
  };
  await disk.appendFile(path, "a fourth long line\n");
  await rotate();
  assert.equal((await disk.readFile(path)).toString(), "a fourth long line\n", "it stays where its writer has it");
});
