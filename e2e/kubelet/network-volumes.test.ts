/**
 * Folders of an NFS server and disks of an iSCSI target, served by this machine's own kernel and a target beside it: what one pod writes the next one reads. Where the
 * kernel knows neither they are tried in the virtual machine.
 */
import assert from "node:assert/strict";
import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { Volume } from "@kubets/api/generated/types/core-v1";
import { pod } from "@kubets/api/testing/pod-builder";
import { eventually } from "../cluster.ts";
import { DEMO_IMAGE, whyNot } from "./containerd.ts";
import { NODE, startNode, type TestNode } from "./node.ts";

const IQN = "iqn.2026-01.com.example:disk";
const run = (program: string, ...args: string[]) => execFileSync(program, args, { encoding: "utf8", stdio: "pipe" });

/** The kernel's part must be there, and the programs. */
function whyNo(module: string, ...programs: string[]): string | undefined {
  const why = whyNot();
  if (why) return why;
  const missing = programs.find((program) => spawnSync("sh", ["-c", `command -v ${program}`]).status !== 0);
  if (missing) return `needs ${missing}`;
  return spawnSync("modprobe", [module]).status === 0 ? undefined : `the kernel has no ${module}`;
}

/** A node, and pods one after the other that have the same volume at /v. */
function having(source: Omit<Volume, "name">) {
  let node: TestNode;
  const running = async (name: string) => (await node.api.pod(name))?.status.phase === "Running";
  return {
    async begin() {
      node = await startNode();
    },
    end: () => node?.close(),
    /** Gives what the pod's command printed. */
    async tell(name: string, command: string) {
      await node.api.createPod(
        pod(name)
          .on(NODE)
          .uid(`uid-${name}`)
          .container("c", {
            image: DEMO_IMAGE,
            imagePullPolicy: "IfNotPresent",
            command: ["sh", "-c", `(${command}) > /dev/termination-log 2>&1; sleep 600`],
            volumeMounts: [{ name: "v", mountPath: "/v" }],
          })
          .spec({ terminationGracePeriodSeconds: 0, volumes: [{ name: "v", ...source }] })
          .build(),
      );
      await eventually(`${name} to run`, () => running(name));
      const said = join(node.paths.root, "pods", `uid-${name}`, "containers/c");
      return await eventually(`what ${name} says`, () => {
        const [file] = existsSync(said) ? run("ls", said).trim().split("\n") : [];
        return file && readFileSync(join(said, file), "utf8");
      });
    },
    async remove(name: string) {
      await node.api.deletePod(name, 0);
      await eventually(`${name} to be gone`, async () => (await node.api.pod(name)) === undefined);
      assert.ok(!readFileSync("/proc/self/mountinfo", "utf8").includes(`uid-${name}`));
    },
  };
}

describe("NFS", { skip: whyNo("nfsd", "exportfs", "rpc.nfsd", "rpc.mountd", "mount.nfs") ?? false }, () => {
  let folder: string;
  const exported = () => `127.0.0.1:${folder}`;
  const pods = having({ nfs: { server: "127.0.0.1", path: "/" } });
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "kubets-nfs-"));
    if (!existsSync("/proc/fs/nfsd/threads")) run("mount", "-t", "nfsd", "nfsd", "/proc/fs/nfsd");
    run("exportfs", "-o", "rw,no_root_squash,insecure,fsid=0,no_subtree_check", exported());
    run("rpc.mountd", "--no-nfs-version", "2", "--no-nfs-version", "3");
    run("rpc.nfsd", "--no-nfs-version", "3", "2");
    // Nobody comes back to files that were open before.
    writeFileSync("/proc/fs/nfsd/v4_end_grace", "Y");
    await pods.begin();
  });
  after(async () => {
    await pods.end();
    run("rpc.nfsd", "0");
    run("exportfs", "-u", exported());
    rmSync(folder, { recursive: true });
  });

  it("shows a server's folder to pods", async () => {
    assert.equal((await pods.tell("one", "echo written > /v/file; echo done")).trim(), "done");
    assert.equal(readFileSync(join(folder, "file"), "utf8"), "written\n");
    await pods.remove("one");
    assert.equal((await pods.tell("two", "cat /v/file")).trim(), "written");
    await pods.remove("two");
  });
});

describe("iSCSI", { skip: whyNo("iscsi_tcp", "tgtd", "tgtadm", "iscsid", "iscsiadm") ?? false }, () => {
  let folder: string;
  const programs: ChildProcess[] = [];
  const pods = having({ iscsi: { targetPortal: "127.0.0.1:3260", iqn: IQN, lun: 1, fsType: "ext4" } });
  const target = (op: string, mode: string, ...more: string[]) =>
    run("tgtadm", "--lld", "iscsi", "--op", op, "--mode", mode, "--tid", "1", ...more);
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "kubets-iscsi-"));
    for (const [program, ...args] of [
      ["tgtd", "-f"],
      ["iscsid", "-f"],
    ] as const)
      programs.push(spawn(program, args, { stdio: "ignore" }));
    const disk = join(folder, "disk");
    run("truncate", "--size=64M", disk);
    await eventually("the target", () => target("new", "target", "-T", IQN) === "");
    target("new", "logicalunit", "--lun", "1", "-b", disk);
    target("bind", "target", "-I", "ALL");
    await pods.begin();
  });
  after(async () => {
    await pods.end();
    for (const program of programs) program.kill("SIGKILL");
    rmSync(folder, { recursive: true });
  });

  it("formats a target's disk once, and shows it to one pod after the other", async () => {
    assert.equal((await pods.tell("one", "echo written > /v/file; sync; echo done")).trim(), "done");
    await pods.remove("one");
    // Whoever has no disk of a target is not logged in there.
    assert.doesNotMatch(spawnSync("iscsiadm", ["-m", "session"], { encoding: "utf8" }).stdout, new RegExp(IQN));
    assert.equal((await pods.tell("two", "cat /v/file")).trim(), "written");
    await pods.remove("two");
  });
});
