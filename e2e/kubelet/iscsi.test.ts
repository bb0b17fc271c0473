/**
 * Disks of an iSCSI target beside the kubelet: what one pod writes the next one reads. Where the kernel knows none,
 * `npm run e2e -- --vm kubelet/iscsi` tries them in the virtual machine. Needs root.
 */
import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { eventually } from "../cluster.ts";
import { startNode, type TestNode } from "./node.ts";
import { run, told, whyNo } from "./served-volume.ts";

const IQN = "iqn.2026-01.com.example:disk";

describe("iSCSI", { skip: whyNo("iscsi_tcp", "tgtd", "tgtadm", "iscsid", "iscsiadm") ?? false }, () => {
  const folder = mkdtempSync(join(tmpdir(), "kubets-iscsi-"));
  const source = { iscsi: { targetPortal: "127.0.0.1:3260", iqn: IQN, lun: 1, fsType: "ext4" } };
  const programs: ChildProcess[] = [];
  let node: TestNode;
  const target = (op: string, mode: string, ...more: string[]) =>
    run("tgtadm", "--lld", "iscsi", "--op", op, "--mode", mode, "--tid", "1", ...more);
  before(async () => {
    for (const program of ["tgtd", "iscsid"]) programs.push(spawn(program, ["-f"], { stdio: "ignore" }));
    const disk = join(folder, "disk");
    run("truncate", "--size=64M", disk);
    await eventually("the target", () => target("new", "target", "-T", IQN) === "");
    target("new", "logicalunit", "--lun", "1", "-b", disk);
    target("bind", "target", "-I", "ALL");
    node = await startNode();
  });
  after(async () => {
    await node?.close();
    for (const program of programs) program.kill("SIGKILL");
    rmSync(folder, { recursive: true });
  });

  it("formats a target's disk once, and shows it to one pod after the other", async () => {
    assert.equal(await told(node, "one", source, "echo written > /v/file; echo done"), "done");
    // Whoever has no disk of a target is not logged in there.
    assert.doesNotMatch(spawnSync("iscsiadm", ["-m", "session"], { encoding: "utf8" }).stdout, new RegExp(IQN));
    assert.equal(await told(node, "two", source, "cat /v/file"), "written");
  });
});
