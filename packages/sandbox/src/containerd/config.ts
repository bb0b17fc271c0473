/**
 * The configuration of a node's own containerd. Pure.
 * Holds: every path lies in the node's folders, so that instances know nothing of each other nor of one that the host runs.
 */
import { type TomlTable, writeToml } from "./toml.ts";

export interface ContainerdOptions {
  readonly root: string;
  readonly state: string;
  readonly socket: string;
  readonly pauseImage: string;
  readonly snapshotter: "overlayfs" | "native";
  /** The capability to raise limits is missing: a container's OOM score cannot be below containerd's own. */
  readonly restrictOomScoreAdj: boolean;
  readonly runc: string;
  readonly cniBinFolder: string;
  readonly cniConfFolder: string;
  /** Holds a folder with hosts.toml for each registry. */
  readonly registryFolder: string;
}

/** Plugins that look at the host's devices and folders, or have no use here. */
const UNUSED = ["aufs", "btrfs", "devmapper", "zfs", "blockfile", "erofs"].map(
  (name) => `io.containerd.snapshotter.v1.${name}`,
);
const UNUSED_SERVICES = [
  "io.containerd.tracing.processor.v1.otlp",
  "io.containerd.internal.v1.tracing",
  "io.containerd.nri.v1.nri",
];

export function containerdConfig(options: ContainerdOptions, major: number): string {
  return writeToml({
    version: major >= 2 ? 3 : 2,
    root: options.root,
    state: options.state,
    temp: `${options.root}/tmp`,
    disabled_plugins: [...UNUSED, ...UNUSED_SERVICES],
    grpc: { address: options.socket },
    plugins: {
      "io.containerd.internal.v1.opt": { path: `${options.root}/opt` },
      ...(major >= 2 ? pluginsOf2(options) : pluginsOf1(options)),
    },
  });
}

const streaming: TomlTable = { stream_server_address: "127.0.0.1", stream_server_port: "0" };

const runtimeSettings = (options: ContainerdOptions): TomlTable => ({
  restrict_oom_score_adj: options.restrictOomScoreAdj,
  netns_mounts_under_state_dir: true,
  // Pods bind low ports and ping without capabilities, as on nodes of today.
  enable_unprivileged_ports: true,
  enable_unprivileged_icmp: true,
});

const runcRuntime = (options: ContainerdOptions): TomlTable => ({
  runtime_type: "io.containerd.runc.v2",
  options: { BinaryName: options.runc, SystemdCgroup: false },
});

const cni = (options: ContainerdOptions): TomlTable => ({
  bin_dir: options.cniBinFolder,
  conf_dir: options.cniConfFolder,
  max_conf_num: 1,
});

const pluginsOf1 = (options: ContainerdOptions): TomlTable => ({
  "io.containerd.grpc.v1.cri": {
    ...streaming,
    ...runtimeSettings(options),
    sandbox_image: options.pauseImage,
    containerd: {
      snapshotter: options.snapshotter,
      default_runtime_name: "runc",
      runtimes: { runc: runcRuntime(options) },
    },
    cni: cni(options),
    registry: { config_path: options.registryFolder },
  },
});

const pluginsOf2 = (options: ContainerdOptions): TomlTable => ({
  "io.containerd.grpc.v1.cri": streaming,
  "io.containerd.cri.v1.images": {
    snapshotter: options.snapshotter,
    pinned_images: { sandbox: options.pauseImage },
    registry: { config_path: options.registryFolder },
  },
  "io.containerd.cri.v1.runtime": {
    ...runtimeSettings(options),
    containerd: { default_runtime_name: "runc", runtimes: { runc: runcRuntime(options) } },
    cni: cni(options),
  },
});

export interface RegistryMirror {
  /** The registry that images name, as "docker.io"; "_default" stands for all others. */
  readonly registry: string;
  /** Where they are pulled from, as "http://10.0.0.5:5000". */
  readonly endpoint: string;
  readonly skipVerify?: boolean;
}

/** The hosts.toml of a registry. */
export const registryHosts = ({ endpoint, skipVerify }: RegistryMirror): string =>
  writeToml({ host: { [endpoint]: { capabilities: ["pull", "resolve"], ...(skipVerify && { skip_verify: true }) } } });
