/**
 * Folders of an NFS server in this machine's own kernel: what one pod writes the next one reads. Where the kernel knows none,
 * `npm run e2e -- --vm kubelet/nfs` tries them in the virtual machine. Needs root.
 */
import assert from "node:assert/strict";
import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { Volume } from "@kubets/api/generated/types/core-v1";
import { pod } from "@kubets/api/testing/pod-builder";
import { DEMO_IMAGE, whyNot } from "./containerd.ts";
import { NODE, startNode, type TestNode } from "./node.ts";
import { end, inPhase } from "./node-pods.ts";

const THREADS = "/proc/fs/nfsd/threads";
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
const servesAlready = () =>
  existsSync(THREADS) && Number(readFileSync(THREADS, "utf8")) > 0 ? "this machine serves NFS already" : undefined;

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
