/** Images as volumes on a containerd whose CRI does not mount them: what containers see, what they are refused, and that nothing stays. Needs root. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { pods } from "@kubets/api/generated/refs";
import type { Volume, VolumeMount } from "@kubets/api/generated/types/core-v1";
import { pod } from "@kubets/api/testing/pod-builder";
import { eventually } from "../cluster.ts";
import { DEMO_IMAGE, whyNot } from "./containerd.ts";
import { archiveOf, filesParts } from "./images.ts";
import { NODE, startNode, type TestNode } from "./node.ts";
import { end, inPhase } from "./node-pods.ts";

/** Their paths are too long for one call of the kernel. */
const MANY = Array.from({ length: 64 }, (_, i) => ({ [`layers/${i}`]: "", count: `${i}\n` }));
/** Of layers that are shown above each other, and of one, which is shown as it is. */
const IMAGES = {
  "example.com/layered:1": filesParts({ "dir/file": "1\n", file: "hidden\n", out: "->/etc" }, ...MANY, { file: "2\n" }),
  "example.com/flat:1": filesParts({ "dir/file": "3\n", near: "->dir" }),
};
const [LAYERED, FLAT] = Object.keys(IMAGES) as [string, string];
const image = (name: string, reference: string): Volume => ({ name, image: { reference, pullPolicy: "IfNotPresent" } });

describe("images as volumes", { skip: whyNot() ?? false }, () => {
  let node: TestNode;
  const ctr = (...args: string[]) =>
    execFileSync("ctr", ["-a", node.containerd.socket, "-n", "k8s.io", ...args], { encoding: "utf8" });
  const load = () => {
    for (const [name, parts] of Object.entries(IMAGES)) {
      const archive = join(node.containerd.folder, "files.tar");
      writeFileSync(archive, archiveOf(name, parts));
      ctr("images", "import", archive);
    }
  };
  before(async () => {
    node = await startNode();
    load();
  });
  after(() => node?.close());

  const views = () =>
    ctr("snapshots", "ls")
      .split("\n")
      .filter((line) => line.startsWith("kubets/"));
  const mounts = () => {
    const table = readFileSync("/proc/self/mountinfo", "utf8").split("\n");
    return table.filter((line) => line.includes(`${node.paths.root}/pods/`) && line.includes("/kubernetes.io~image/"));
  };
  const nothingIsLeft = () =>
    eventually("nothing of it left", () => {
      const left = [...views(), ...mounts(), ...readdirSync(join(node.paths.root, "pods"))];
      if (left.length > 0) throw new Error(`there is still ${left.join(", ")}`);
      return true;
    });

  const make = (name: string, volumes: Volume[], volumeMounts: VolumeMount[]) =>
    node.api.createPod(
      pod(name)
        .on(NODE)
        .uid(crypto.randomUUID())
        .container("c", {
          image: DEMO_IMAGE,
          imagePullPolicy: "IfNotPresent",
          command: ["sleep", "1000"],
          volumeMounts,
        })
        .spec({ terminationGracePeriodSeconds: 0, volumes })
        .build(),
    );
  const run = async (name: string, script: string) => {
    const { containerID = "" } = (await node.api.pod(name))?.status.containerStatuses?.[0] ?? {};
    const id = containerID.replace("containerd://", "");
    const { stdout, stderr, exitCode } = await node.kubelet.tools.runtime.execSync(id, ["sh", "-c", script], 20_000);
    return { said: `${stdout}${stderr}`, exitCode };
  };
  const waiting = (name: string, reason: string) =>
    eventually(`${name} waiting for ${reason}`, async () => {
      const found = (await node.api.pod(name))?.status.containerStatuses?.[0]?.state.waiting;
      return found?.reason === reason && found;
    });

  it("shows the files of all layers, below a folder where one is wanted, and refuses to write them", async () => {
    const volumes = [image("layered", LAYERED), image("flat", FLAT), image("again", FLAT)];
    await make("reads", volumes, [
      { name: "layered", mountPath: "/layered" },
      { name: "layered", mountPath: "/below", subPath: "dir" },
      { name: "flat", mountPath: "/flat" },
      { name: "again", mountPath: "/near", subPath: "near" },
    ]);
    await inPhase(node, "reads", "Running");
    const files = "/layered/dir/file /layered/file /layered/count /below/file /flat/dir/file /near/file";
    assert.deepEqual(await run("reads", `cat ${files}`), { said: "1\n2\n63\n1\n3\n3\n", exitCode: 0 });
    assert.equal((await run("reads", "ls /layered/layers | wc -l")).said.trim(), "64");
    for (const write of ["echo x > /layered/file", "touch /below/new", "rm /flat/dir/file", "mkdir /near/new"]) {
      const { said, exitCode } = await run("reads", write);
      assert.notEqual(exitCode, 0, write);
      assert.match(said, /Read-only file system/, write);
    }
    assert.equal(views().length, 2);
    await end(node, "reads");
    await nothingIsLeft();
  });

  it("keeps the files as long as the pod, though the image goes and the kubelet and the container start anew", async () => {
    await make("keeps", [image("layered", LAYERED)], [{ name: "layered", mountPath: "/layered" }]);
    await inPhase(node, "keeps", "Running");
    ctr("images", "rm", "--sync", LAYERED);
    assert.equal((await run("keeps", "cat /layered/dir/file")).said, "1\n");
    await node.stop();
    load();
    await node.start();
    const { runtime } = node.kubelet.tools;
    const [container] = await runtime.listContainers((await node.api.pod("keeps"))?.metadata.uid);
    await runtime.stopContainer(container?.id ?? "", 0);
    await eventually("the container to run again", async () => {
      const status = (await node.api.pod("keeps"))?.status.containerStatuses?.[0];
      return status?.restartCount === 1 && status.state.running;
    });
    assert.equal((await run("keeps", "cat /layered/dir/file")).said, "1\n");
    assert.equal(views().length, 1);
    assert.equal(mounts().length, 1);
    await end(node, "keeps");
    await nothingIsLeft();
  });

  it("takes away what an earlier kubelet left of a pod that has gone meanwhile", async () => {
    await make("left", [image("flat", FLAT)], [{ name: "flat", mountPath: "/flat" }]);
    await inPhase(node, "left", "Running");
    await node.stop();
    await node.api.client.delete(pods, { namespace: "default", name: "left" }, { gracePeriodSeconds: 0 });
    assert.deepEqual([views().length, mounts().length], [1, 1]);
    await node.start();
    await nothingIsLeft();
  });

  it("says why an image cannot be had, and why a folder of it cannot be shown", async () => {
    await make("missing", [image("none", "127.0.0.1:1/none:1")], [{ name: "none", mountPath: "/none" }]);
    assert.match((await waiting("missing", "ErrImagePull")).message ?? "", /connection refused/);
    assert.match(
      (await waiting("missing", "ImagePullBackOff")).message ?? "",
      /Back-off pulling image "127.0.0.1:1\/none:1"/,
    );
    await make("unused", [image("none", "127.0.0.1:1/none:1")], []);
    await inPhase(node, "unused", "Running");
    for (const [name, subPath, why] of [
      ["nowhere", "nowhere", /ImageVolumeMountFailed: .* no such file or directory$/],
      ["outside", "out", /ImageVolumeMountFailed: .* path escapes from parent$/],
      ["file", "file", /ImageVolumeMountFailed: .* only directory subpath is supported$/],
    ] as const) {
      await make(name, [image("layered", LAYERED)], [{ name: "layered", mountPath: "/in", subPath }]);
      assert.match((await waiting(name, "CreateContainerError")).message ?? "", why);
    }
    for (const name of ["missing", "unused", "nowhere", "outside", "file"]) await end(node, name);
    await nothingIsLeft();
  });
});
