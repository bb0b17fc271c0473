/**
 * Disks of an iSCSI target beside the kubelet: what one pod writes the next one reads. Where the kernel knows none,
 * `npm run e2e -- --vm kubelet/iscsi` tries them in the virtual machine. Needs root.
 */
import assert from "node:assert/strict";
import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { Volume } from "@kubets/api/generated/types/core-v1";
import { pod } from "@kubets/api/testing/pod-builder";
import { eventually } from "../cluster.ts";
import { DEMO_IMAGE, whyNot } from "./containerd.ts";
import { NODE, startNode, type TestNode } from "./node.ts";
import { end, inPhase } from "./node-pods.ts";

const IQN = "iqn.2026-01.com.example:disk";
const run = (program: string, ...args: string[]) => execFileSync(program, args, { encoding: "utf8", stdio: "pipe" });
const mounts = () => readFileSync("/proc/self/mountinfo", "utf8");

/** The kernel's part must be there, and the programs. */
function whyNo(module: string, ...programs: string[]): string | undefined {
  const why = whyNot();
  if (why) return why;
  const missing = programs.find((program) => spawnSync("sh", ["-c", `command -v ${program}`]).status !== 0);
  if (missing) return `needs ${missing}`;
  return spawnSync("modprobe", [module]).status === 0 ? undefined : `the kernel has no ${module}`;
}

/** Runs a pod that has the volume at /v, and gives what its command printed; then the pod goes, and its mounts. */
async function told(node: TestNode, name: string, source: Omit<Volume, "name">, command: string): Promise<string> {
  await node.api.createPod(
    pod(name)
      .on(NODE)
      .uid(`uid-${name}`)
      .container("c", {
        image: DEMO_IMAGE,
        imagePullPolicy: "IfNotPresent",
        command: ["sh", "-c", `(${command}) > /dev/termination-log 2>&1`],
        volumeMounts: [{ name: "v", mountPath: "/v" }],
      })
      .spec({ restartPolicy: "Never", volumes: [{ name: "v", ...source }] })
      .build(),
  );
  const { containerStatuses } = await inPhase(node, name, "Succeeded");
  await end(node, name);
  assert.ok(!mounts().includes(`uid-${name}`));
  return containerStatuses?.[0]?.state?.terminated?.message?.trim() ?? "";
}

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
