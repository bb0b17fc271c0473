import assert from "node:assert/strict";
import { test } from "node:test";
import { pod } from "@kubets/api/testing/pod-builder";
import { silentLogger } from "@kubets/machinery";
import { MemoryDisk } from "../disk/memory-disk.ts";
import { linkLog, removeContainer } from "./log-links.ts";
import type { PodTools } from "./tools.ts";

const FOLDER = "/var/log/containers";
const ID = "0123456789abcdef".repeat(4);

function node(podLogs = "/var/log/pods") {
  const disk = new MemoryDisk();
  const removed: string[] = [];
  const runtime = { removeContainer: async (id: string) => void removed.push(id) };
  const paths = { root: "/var/lib/kubelet", podLogs };
  return { disk, removed, tools: { disk, paths, runtime, log: silentLogger } as unknown as PodTools };
}

test("a log is found under a name that says whose it is, until its container is removed", async () => {
  const { disk, removed, tools } = node();
  const web = pod("web", "shop").uid("u1").build();
  const container = { id: ID, name: "main" };
  const file = "/var/log/pods/shop_web_u1/main/2.log";
  await linkLog(web, container, 2, tools);
  assert.deepEqual(await disk.list(FOLDER), [], "the runtime has written no log");
  await disk.makeFolder("/var/log/pods/shop_web_u1/main");
  await disk.writeFile(file, "a line");
  await linkLog(web, container, 2, tools);
  assert.deepEqual(await disk.list(FOLDER), [`web_shop_main-${ID}.log`]);
  assert.equal(await disk.readLink(`${FOLDER}/web_shop_main-${ID}.log`), file);
  await removeContainer(web, container, tools);
  assert.deepEqual(await disk.list(FOLDER), []);
  assert.deepEqual(removed, [ID]);
});

test("the links do not move with the folder of the logs", async () => {
  const { disk, tools } = node("/data/pods");
  const web = pod("web", "shop").uid("u1").build();
  await disk.makeFolder("/data/pods/shop_web_u1/main");
  await disk.writeFile("/data/pods/shop_web_u1/main/0.log", "");
  await linkLog(web, { id: ID, name: "main" }, 0, tools);
  assert.deepEqual(await disk.list(FOLDER), [`web_shop_main-${ID}.log`]);
});

test("a name that is too long for a file is cut", async () => {
  const { disk, tools } = node();
  const long = pod("p".repeat(253)).uid("u2").build();
  await disk.makeFolder(`/var/log/pods/default_${long.metadata.name}_u2/main`);
  await disk.writeFile(`/var/log/pods/default_${long.metadata.name}_u2/main/0.log`, "");
  await linkLog(long, { id: ID, name: "main" }, 0, tools);
  const [link = ""] = await disk.list(FOLDER);
  assert.equal(link.length, 255);
  assert.match(link, /^p{251}\.log$/);
  await removeContainer(long, { id: ID, name: "main" }, tools);
  assert.deepEqual(await disk.list(FOLDER), []);
});
