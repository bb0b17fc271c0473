/**
 * A containerd of one's own for tests: in a network namespace of its own, with its folders below one temporary folder.
 * Holds: `close` ends every process, unmounts and removes all that it made, also after a failure.
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PATIENCE } from "../cluster.ts";
import { removeWhenInterrupted } from "../interrupted.ts";
import { busyboxImage } from "./images.ts";

export const DEMO_IMAGE = "example.com/demo:1";
const PAUSE_IMAGE = "example.com/pause:1";

export interface Containerd {
  readonly socket: string;
  readonly folder: string;
  /** Path of the network namespace. */
  readonly netns: string;
  readonly cgroupRoot: string;
  close(): Promise<void>;
}

/** Why it cannot run here, or undefined. */
export function whyNot(): string | undefined {
  if (process.platform !== "linux") return "needs Linux";
  if (process.getuid?.() !== 0) return "needs root";
  for (const program of ["/usr/bin/containerd", "/usr/sbin/runc", "/usr/lib/cni/bridge", "/bin/busybox"])
    if (!existsSync(program)) return `needs ${program}`;
  return undefined;
}

const run = (program: string, ...args: string[]) =>
  execFileSync(program, args, { stdio: ["ignore", "pipe", "pipe"] }).toString();
const quietly = (work: () => void) => {
  try {
    work();
  } catch {
    // It was not there, or is gone already.
  }
};

export async function startContainerd(driver: "cgroupfs" | "systemd" = "cgroupfs"): Promise<Containerd> {
  const folder = mkdtempSync(join(tmpdir(), "kubets-containerd-"));
  const name = folder.split("-").at(-1) as string;
  const namespace = `kubets-${name}`;
  const netns = `/run/netns/${namespace}`;
  // A "-" has a meaning in names of slices.
  const cgroupRoot = `/kubets_${name}`;
  let child: ChildProcess | undefined;
  const close = async () => {
    isClosed();
    if (child && child.exitCode === null && child.signalCode === null) {
      await removePods(join(folder, "c.sock"));
      const ended = new Promise((resolve) => child?.once("exit", resolve));
      child.kill("SIGTERM");
      await ended;
    }
    for (const pid of shimsOf(folder)) quietly(() => process.kill(pid, "SIGKILL"));
    const mounts = readFileSync("/proc/self/mountinfo", "utf8")
      .split("\n")
      .map((line) => line.split(" ")[4] ?? "");
    for (const point of mounts.filter((each) => each.startsWith(folder)).reverse())
      quietly(() => run("umount", "-l", point));
    quietly(() => run("ip", "netns", "delete", namespace));
    if (driver === "systemd") quietly(() => run("systemctl", "stop", `${cgroupRoot.slice(1)}.slice`));
    for (const hierarchy of ["", ...readdirSync("/sys/fs/cgroup")])
      removeCgroups(join("/sys/fs/cgroup", hierarchy, cgroupRoot));
    rmSync(folder, { recursive: true, force: true });
  };
  const isClosed = removeWhenInterrupted(close);
  try {
    run("ip", "netns", "add", namespace);
    run("nsenter", `--net=${netns}`, "ip", "link", "set", "lo", "up");
    for (const each of ["root", "state", "cni", "registries"]) mkdirSync(join(folder, each));
    const bridge = {
      type: "bridge",
      bridge: "cni0",
      isGateway: true,
      ipMasq: false,
      ipam: {
        type: "host-local",
        dataDir: join(folder, "ipam"),
        ranges: [[{ subnet: "10.99.0.0/24" }]],
        routes: [{ dst: "0.0.0.0/0" }],
      },
    };
    writeFileSync(
      join(folder, "cni", "10-test.conflist"),
      JSON.stringify({ cniVersion: "0.4.0", name: "test", plugins: [bridge, { type: "loopback" }] }),
    );
    writeFileSync(join(folder, "config.toml"), configOf(folder, driver));
    child = spawn("nsenter", [`--net=${netns}`, "containerd", "--config", join(folder, "config.toml")], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    let log = "";
    child.stderr?.on("data", (chunk: Buffer) => (log = (log + chunk).slice(-20_000)));
    const socket = join(folder, "c.sock");
    for (let tries = 0; ; tries++) {
      if (existsSync(socket)) break;
      if (child.exitCode !== null || tries > 200 * PATIENCE) throw new Error(`containerd did not start: ${log}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    for (const image of [
      busyboxImage({ name: DEMO_IMAGE, command: ["sh"] }),
      busyboxImage({ name: PAUSE_IMAGE, entrypoint: ["/bin/busybox", "sleep", "1000000000"] }),
    ]) {
      writeFileSync(join(folder, "image.tar"), image);
      run("ctr", "-a", socket, "-n", "k8s.io", "images", "import", join(folder, "image.tar"));
    }
    return { socket, folder, netns, cgroupRoot, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function removePods(socket: string): Promise<void> {
  const { criRuntime } = await import("@kubets/kubelet/runtime/cri/runtime");
  const runtime = criRuntime({ endpoint: `unix://${socket}`, timeoutMs: 20_000 * PATIENCE });
  try {
    for (const { id } of await runtime.listContainers()) await runtime.stopContainer(id, 0).catch(() => {});
    for (const { id } of await runtime.listSandboxes()) {
      await runtime.stopSandbox(id).catch(() => {});
      await runtime.removeSandbox(id).catch(() => {});
    }
  } catch {
    // A containerd that does not answer is killed with its shims.
  } finally {
    runtime.close();
  }
}

/** Processes that carry the folder in their command line. */
function shimsOf(folder: string): number[] {
  return readdirSync("/proc").flatMap((pid) => {
    if (!/^\d+$/.test(pid) || Number(pid) === process.pid) return [];
    try {
      return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(folder) ? [Number(pid)] : [];
    } catch {
      return [];
    }
  });
}

function removeCgroups(path: string): void {
  if (!existsSync(path)) return;
  for (const entry of readdirSync(path, { withFileTypes: true }))
    if (entry.isDirectory()) removeCgroups(join(path, entry.name));
  quietly(() => rmdirSync(path));
}

/** Without the right to lower oom_score_adj containers could not start otherwise. */
const mayAdjustOom = (): boolean => {
  const line = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync("/proc/self/status", "utf8"));
  return ((BigInt(`0x${line?.[1] ?? "0"}`) >> 24n) & 1n) === 1n;
};

const configOf = (folder: string, driver: "cgroupfs" | "systemd"): string => `version = 2
root = "${folder}/root"
state = "${folder}/state"
disabled_plugins = ["io.containerd.internal.v1.opt", "io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.zfs", "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.aufs", "io.containerd.tracing.processor.v1.otlp"]
[grpc]
  address = "${folder}/c.sock"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "${PAUSE_IMAGE}"
  restrict_oom_score_adj = ${!mayAdjustOom()}
  stream_server_address = "127.0.0.1"
  stream_server_port = "0"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "${folder}/cni"
  [plugins."io.containerd.grpc.v1.cri".registry]
    config_path = "${folder}/registries"
  [plugins."io.containerd.grpc.v1.cri".containerd]
    default_runtime_name = "runc"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
        SystemdCgroup = ${driver === "systemd"}
`;
