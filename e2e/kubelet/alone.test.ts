/** `kubets kubelet` without an API server: the pods of a folder, on a containerd of its own. Needs root. */
import assert from "node:assert/strict";
import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readlinkSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { Pod } from "@kubets/api/generated/types/core-v1";
import { LOG_LINKS } from "@kubets/kubelet/paths";
import { eventually } from "../cluster.ts";
import { type Containerd, DEMO_IMAGE, startContainerd, whyNot } from "./containerd.ts";

const MAIN = join(import.meta.dirname, "../../packages/kubets/src/main.ts");
const KUBELET = [process.execPath, "--disable-warning=ExperimentalWarning", MAIN, "kubelet"] as const;

it("says what a kubelet without an API server cannot do", () => {
  const [program, ...args] = KUBELET;
  const { status, stderr } = spawnSync(program, args, { encoding: "utf8" });
  assert.equal(status, 2);
  assert.match(stderr, /cannot use webhook authentication: give --kubeconfig, or --authentication-token-webhook=false/);
});

describe("a kubelet alone", { skip: whyNot() ?? false }, () => {
  let containerd: Containerd;
  let kubelet: ChildProcess;
  let manifests: string;
  before(async () => {
    containerd = await startContainerd();
    manifests = join(containerd.folder, "manifests");
    mkdirSync(manifests);
    writeFileSync(
      join(containerd.folder, "kubelet.json"),
      JSON.stringify({
        kind: "KubeletConfiguration",
        apiVersion: "kubelet.config.k8s.io/v1beta1",
        authentication: { webhook: { enabled: false } },
        authorization: { mode: "AlwaysAllow" },
        cgroupRoot: containerd.cgroupRoot,
        containerRuntimeEndpoint: `unix://${containerd.socket}`,
        fileCheckFrequency: "300ms",
        podLogsDir: join(containerd.folder, "pod-logs"),
        readOnlyPort: 10255,
        staticPodPath: manifests,
      }),
    );
  });
  after(async () => {
    await end("SIGTERM");
    for (const link of links()) rmSync(link);
    if (existsSync(LOG_LINKS) && readdirSync(LOG_LINKS).length === 0) rmdirSync(LOG_LINKS);
    await containerd?.close();
  });

  /** To the logs of this kubelet's containers; others on the machine have theirs in the same folder. */
  const links = () =>
    existsSync(LOG_LINKS)
      ? readdirSync(LOG_LINKS)
          .map((name) => join(LOG_LINKS, name))
          .filter((link) => readlinkSync(link).startsWith(containerd.folder))
      : [];
  const begin = () => {
    const { folder, netns } = containerd;
    const places = ["--config", join(folder, "kubelet.json"), "--root-dir", join(folder, "kubelet")];
    const node = ["--cert-dir", join(folder, "pki"), "--hostname-override", "alone", "--node-ip", "10.99.0.1"];
    kubelet = spawn("nsenter", [`--net=${netns}`, ...KUBELET, ...places, ...node], { stdio: "ignore" });
  };
  const end = async (signal: NodeJS.Signals) => {
    if (!kubelet || kubelet.exitCode !== null || kubelet.signalCode) return;
    const ended = new Promise((resolve) => kubelet.once("exit", resolve));
    kubelet.kill(signal);
    await ended;
  };
  const pods = (): Pod[] => {
    const ask = ["wget", "-qO-", "http://127.0.0.1:10255/pods"];
    const stdio = ["ignore", "pipe", "ignore"] as const;
    return JSON.parse(
      execFileSync("nsenter", [`--net=${containerd.netns}`, "busybox", ...ask], {
        encoding: "utf8",
        stdio: [...stdio],
      }),
    ).items;
  };
  const ready = () =>
    eventually("the pod is ready", () => {
      const [found] = pods();
      return found?.status.conditions?.some(({ type, status }) => type === "Ready" && status === "True") && found;
    });

  it("runs what stands in the folder, goes on with it after its end, and ends it with its file", async () => {
    const container = { name: "c", image: DEMO_IMAGE, command: ["sh", "-c", "echo alone; sleep 1000"] };
    const manifest = {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "web" },
      spec: { terminationGracePeriodSeconds: 0, containers: [container] },
    };
    writeFileSync(join(manifests, "web.yaml"), JSON.stringify(manifest));
    begin();
    const { metadata, status } = await ready();
    assert.equal(metadata.name, "web-alone");
    assert.match(status.podIP ?? "", /^10\.99\.0\./);
    assert.match(links().join(), /^\/var\/log\/containers\/web-alone_default_c-[0-9a-f]{64}\.log$/);
    await end("SIGKILL");
    begin();
    const again = await ready();
    assert.deepEqual(
      again.status.containerStatuses?.map(({ containerID, restartCount }) => [containerID, restartCount]),
      status.containerStatuses?.map(({ containerID }) => [containerID, 0]),
    );
    rmSync(join(manifests, "web.yaml"));
    await eventually("nothing is left", () => pods().length === 0);
  });
});
