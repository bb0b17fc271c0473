/**
 * Folders of an NFS server in this machine's own kernel: what one pod writes the next one reads. Where the kernel knows none,
 * `npm run e2e -- --vm kubelet/nfs` tries them in the virtual machine. Needs root.
 */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { startNode, type TestNode } from "./node.ts";
import { run, told, whyNo } from "./served-volume.ts";

const THREADS = "/proc/fs/nfsd/threads";

const servesAlready = () =>
  existsSync(THREADS) && Number(readFileSync(THREADS, "utf8")) > 0 ? "this machine serves NFS already" : undefined;

describe("NFS", {
  skip: whyNo("nfsd", "exportfs", "rpc.nfsd", "rpc.mountd", "mount.nfs") ?? servesAlready() ?? false,
}, () => {
  const folder = mkdtempSync(join(tmpdir(), "kubets-nfs-"));
  const exported = `127.0.0.1:${folder}`;
  const source = { nfs: { server: "127.0.0.1", path: "/" } };
  let node: TestNode;
  let answersMounts: ChildProcess;
  before(async () => {
    if (!existsSync(THREADS)) run("mount", "-t", "nfsd", "nfsd", "/proc/fs/nfsd");
    run("exportfs", "-o", "rw,no_root_squash,insecure,fsid=0,no_subtree_check", exported);
    answersMounts = spawn("rpc.mountd", ["--foreground", "--no-nfs-version", "3"], { stdio: "ignore" });
    run("rpc.nfsd", "--no-nfs-version", "3", "2");
    // Nobody comes back to files that were open before.
    writeFileSync("/proc/fs/nfsd/v4_end_grace", "Y");
    node = await startNode();
  });
  after(async () => {
    await node?.close();
    run("rpc.nfsd", "0");
    answersMounts.kill();
    run("exportfs", "-u", exported);
    rmSync(folder, { recursive: true });
  });

  it("shows a server's folder to pods, one after the other", async () => {
    assert.equal(await told(node, "one", source, "echo written > /v/file; echo done"), "done");
    assert.equal(readFileSync(join(folder, "file"), "utf8"), "written\n");
    assert.equal(await told(node, "two", source, "cat /v/file"), "written");
  });

  it("is only read where the volume says so", async () => {
    const readOnly = { nfs: { ...source.nfs, readOnly: true } };
    assert.match(
      await told(node, "reader", readOnly, "cat /v/file; touch /v/new"),
      /^written\n.*Read-only file system/,
    );
  });
});
