/** What of the machine pods see: folders, files and devices by their type, and mounts that come later, in each direction. Needs root. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { HostPathVolumeSource, VolumeMount } from "@kubets/api/generated/types/core-v1";
import { pod } from "@kubets/api/testing/pod-builder";
import { eventually } from "../cluster.ts";
import { DEMO_IMAGE, whyNot } from "./containerd.ts";
import { NODE, startNode, type TestNode } from "./node.ts";

const mount = (...args: string[]) => execFileSync("mount", args);
const isMounted = (path: string) => readFileSync("/proc/self/mountinfo", "utf8").includes(` ${path} `);

describe("mounts of the machine in containers", { skip: whyNot() ?? false }, () => {
  let node: TestNode;
  let folder: string;
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "kubets-mounts-"));
    mount("--bind", folder, folder);
    mount("--make-shared", folder);
    mkdirSync(join(folder, "out"));
    node = await startNode();
  });
  after(async () => {
    await node?.close();
    for (const name of ["late", "inside", ""]) {
      const path = join(folder, name).replace(/\/$/, "");
      while (isMounted(path)) execFileSync("umount", ["-l", path]);
    }
    rmSync(folder, { recursive: true });
  });

  /** A pod that has what `hostPath` says at /v, and runs a command that may write to /out. */
  const make = async (
    name: string,
    hostPath: HostPathVolumeSource,
    command: string,
    more: Partial<VolumeMount> = {},
  ) => {
    await node.api.createPod(
      pod(name)
        .on(NODE)
        .uid(crypto.randomUUID())
        .container("c", {
          image: DEMO_IMAGE,
          imagePullPolicy: "IfNotPresent",
          command: ["sh", "-c", `${command}; sleep 600`],
          securityContext: { privileged: more.mountPropagation === "Bidirectional" },
          volumeMounts: [
            { name: "v", mountPath: "/v", ...more },
            { name: "out", mountPath: "/out" },
          ],
        })
        .spec({
          terminationGracePeriodSeconds: 0,
          volumes: [
            { name: "v", hostPath },
            { name: "out", hostPath: { path: join(folder, "out") } },
          ],
        })
        .build(),
    );
  };
  const says = (name: string) =>
    eventually(`what ${name} says`, () => {
      const file = join(folder, "out", name);
      return existsSync(file) && readFileSync(file, "utf8").trim();
    });

  it("makes folders and files that are to be made, and takes nothing for what it is not", async () => {
    const at = (name: string) => join(folder, name);
    await make("folder", { path: at("made"), type: "DirectoryOrCreate" }, "touch /v/file; echo done > /out/folder");
    await make("file", { path: at("one"), type: "FileOrCreate" }, "echo text > /v; echo done > /out/file");
    await make("device", { path: "/dev/null", type: "CharDevice" }, "test -c /v && echo yes > /out/device");
    for (const name of ["folder", "file", "device"]) assert.ok(await says(name));
    assert.equal(statSync(at("made")).mode & 0o777, 0o755);
    assert.equal(readFileSync(at("one"), "utf8"), "text\n");
    for (const [name, path, type, problem] of [
      ["no-folder", at("one"), "Directory", "is not a directory"],
      ["no-file", at("made"), "File", "is not a file"],
      ["no-socket", at("one"), "Socket", "is not a socket file"],
      ["no-block", "/dev/null", "BlockDevice", "is not a block device"],
    ] as const) {
      await make(name, { path, type }, "true");
      await eventually(`the refusal of ${name}`, () =>
        node.api.events(name).some((text) => text.includes(`hostPath type check failed: ${path} ${problem}`)),
      );
    }
  });

  it("shows mounts that come later to those who want them, and theirs to the machine", async () => {
    const path = folder;
    const wait = "while ! [ -f /v/late/file ]; do sleep 0.2; done; echo seen";
    await make("sees", { path }, `touch /out/sees-runs; ${wait} > /out/sees`, { mountPropagation: "HostToContainer" });
    await make(
      "blind",
      { path },
      "touch /out/blind-runs; while ! [ -f /out/ask ]; do sleep 0.2; done; ls /v/late | wc -l > /out/blind",
    );
    const inside = "mkdir -p /v/inside && mount -t tmpfs tmpfs /v/inside && echo done > /out/gives";
    await make("gives", { path }, inside, { mountPropagation: "Bidirectional" });
    for (const name of ["sees-runs", "blind-runs"]) await eventually(name, () => existsSync(join(folder, "out", name)));
    mkdirSync(join(folder, "late"), { recursive: true });
    mount("-t", "tmpfs", "tmpfs", join(folder, "late"));
    writeFileSync(join(folder, "late/file"), "");
    assert.equal(await says("sees"), "seen");
    writeFileSync(join(folder, "out/ask"), "");
    assert.equal(await says("blind"), "0");
    assert.equal(await says("gives"), "done");
    assert.ok(isMounted(join(folder, "inside")));
  });
});
