import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { podNetworkConfig } from "./cni-config.ts";
import { type ContainerdOptions, containerdConfig, registryHosts } from "./config.ts";
import { writeToml } from "./toml.ts";

const OPTIONS: ContainerdOptions = {
  root: "/d/root",
  state: "/r/state",
  socket: "/r/containerd.sock",
  pauseImage: "kubets.local/pause:1",
  snapshotter: "overlayfs",
  restrictOomScoreAdj: true,
  runc: "/usr/sbin/runc",
  cniBinFolder: "/usr/lib/cni",
  cniConfFolder: "/r/cni",
  registryFolder: "/r/registries",
};

describe("writeToml", () => {
  it("writes values before tables, and quotes keys that need it", () => {
    const text = writeToml({ t: { "a.b": { x: 1, y: ["p", "q"] } }, v: 'a"b' });
    assert.equal(text, 'v = "a\\"b"\n\n[t."a.b"]\nx = 1\ny = ["p","q"]\n');
  });
});

describe("containerdConfig", () => {
  it("speaks version 2 to containerd 1", () => {
    const text = containerdConfig(OPTIONS, 1);
    assert.match(text, /^version = 2\n/);
    assert.match(text, /\[plugins\."io\.containerd\.grpc\.v1\.cri"\][^[]*sandbox_image = "kubets\.local\/pause:1"/);
    assert.match(text, /restrict_oom_score_adj = true/);
  });

  it("speaks version 3 to containerd 2", () => {
    const text = containerdConfig(OPTIONS, 2);
    assert.match(text, /^version = 3\n/);
    assert.match(
      text,
      /\[plugins\."io\.containerd\.cri\.v1\.images"\.pinned_images\]\nsandbox = "kubets\.local\/pause:1"/,
    );
    assert.doesNotMatch(text, /sandbox_image/);
  });

  it("writes a registry's mirror", () => {
    const text = registryHosts({ registry: "docker.io", endpoint: "http://10.0.0.5:5000" });
    assert.equal(text, '\n[host."http://10.0.0.5:5000"]\ncapabilities = ["pull","resolve"]\n');
  });
});

describe("podNetworkConfig", () => {
  const type = (bridgeNetfilter: boolean) =>
    (
      JSON.parse(podNetworkConfig({ podRanges: ["10.244.1.0/24"], bridgeNetfilter, leases: "/r/l" })) as {
        plugins: { type: string }[];
      }
    ).plugins[0]?.type;
  it("needs no bridge where the kernel hides bridged packets from netfilter", () => {
    assert.deepEqual([type(true), type(false)], ["bridge", "ptp"]);
  });
});
