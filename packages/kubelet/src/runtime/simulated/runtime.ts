/**
 * A runtime that keeps containers in memory, on the clock: for machines without containers, for scale, and for tests.
 * Holds: it does nothing by itself but what its script says, at the time it says; an idle one costs no timer; restarting the kubelet over
 * the same object finds everything as it was.
 */
import { type Clock, type Random, sleep, type Timer } from "@kubets/machinery";
import { Signal } from "@kubets/wire/generated/cri";
import type { Disk } from "../../disk/disk.ts";
import { CONTAINER_NAME, POD_NAME, POD_NAMESPACE, POD_UID, RESTART_COUNT, TERMINATION_MESSAGE_PATH } from "../names.ts";
import {
  type ContainerConfig,
  type ContainerPhase,
  type ExecResult,
  imageKey,
  type LinuxResources,
  type Runtime,
  type RuntimeContainer,
  type RuntimeContainerStatus,
  RuntimeError,
  type RuntimeFilesystems,
  type RuntimeImage,
  type Sandbox,
  type SandboxStatus,
} from "../runtime.ts";
import { PodAddresses } from "./addresses.ts";
import { ByPod } from "./by-pod.ts";
import type { Course, SimulatedContainer, SimulatedResult, SimulationScript } from "./script.ts";

export interface SimulatedRuntimeOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** Where logs and last words go. */
  readonly disk: Disk;
  readonly podCidr?: string;
  readonly script?: SimulationScript;
  /** There from the beginning; with "*" every image is. */
  readonly images?: readonly string[];
}

interface Made {
  readonly id: string;
  readonly sandboxId: string;
  readonly config: ContainerConfig;
  readonly course: Course;
  readonly createdAt: number;
  readonly logPath: string;
  phase: ContainerPhase;
  startedAt: number;
  finishedAt: number;
  exitCode: number;
  reason: string;
  message: string;
  resources?: LinuxResources;
  timers: Timer[];
  ended: (() => void)[];
}

type SandboxRecord = { -readonly [K in keyof SandboxStatus]: SandboxStatus[K] } & {
  readonly logDirectory: string;
  readonly hostNetwork: boolean;
};

const NODE_NETWORK = 2;
/** How shells end for a command that is there and cannot be run. */
const CANNOT_RUN = 126;

export class SimulatedRuntime implements Runtime {
  readonly #options: SimulatedRuntimeOptions;
  readonly #sandboxes = new ByPod<SandboxRecord>();
  readonly #containers = new ByPod<Made>();
  readonly #images = new Map<string, RuntimeImage>();
  readonly #watchers = new Set<(podUid: string) => void>();
  #addresses: PodAddresses;

  constructor(options: SimulatedRuntimeOptions) {
    this.#options = options;
    this.#addresses = new PodAddresses(options.podCidr ?? "10.244.0.0/16");
    for (const image of options.images ?? []) if (image !== "*") this.#addImage(image, 1_000_000);
  }

  async version() {
    return { name: "simulated", version: "1.0.0", apiVersion: "v1" };
  }

  async status() {
    return { ready: true, networkReady: true, message: "", handlers: [] };
  }

  async setPodCidr(podCidr: string) {
    if (podCidr && this.#sandboxes.size === 0) this.#addresses = new PodAddresses(podCidr);
  }

  async runSandbox(config: Parameters<Runtime["runSandbox"]>[0], handler: string): Promise<string> {
    const { name = "", namespace = "", uid = "", attempt = 0 } = config.metadata ?? {};
    const course = this.#options.script?.sandbox?.(name);
    if (course?.delayMs) await sleep(this.#options.clock, course.delayMs);
    if (course?.error) throw new RuntimeError("Unknown", course.error);
    const hostNetwork = config.linux?.securityContext?.namespaceOptions?.network === NODE_NETWORK;
    const id = this.#id();
    this.#sandboxes.set(uid, {
      id,
      ready: true,
      createdAt: this.#options.clock.now(),
      attempt,
      name,
      namespace,
      uid,
      labels: defined(config.labels),
      annotations: defined(config.annotations),
      handler,
      ips: hostNetwork ? [] : [this.#addresses.take()],
      logDirectory: config.logDirectory ?? "",
      hostNetwork,
    });
    this.#tell(uid);
    return id;
  }

  async stopSandbox(id: string): Promise<void> {
    const sandbox = this.#sandboxes.get(id);
    if (!sandbox?.ready) return;
    for (const made of this.#of(sandbox)) this.#exit(made, 137, "Error");
    for (const ip of sandbox.ips) this.#addresses.release(ip);
    sandbox.ready = false;
    sandbox.ips = [];
    this.#tell(sandbox.uid);
  }

  async removeSandbox(id: string): Promise<void> {
    await this.stopSandbox(id);
    const sandbox = this.#sandboxes.get(id);
    for (const made of sandbox ? this.#of(sandbox) : []) this.#containers.delete(made.id);
    this.#sandboxes.delete(id);
  }

  async listSandboxes(podUid?: string): Promise<readonly Sandbox[]> {
    return [...this.#sandboxes.values(podUid)].map((each) => ({ ...each }));
  }

  async sandboxStatus(id: string): Promise<SandboxStatus> {
    const found = this.#sandboxes.get(id);
    if (!found) throw new RuntimeError("NotFound", `sandbox ${id} is not there`);
    return { ...found };
  }

  async createContainer(sandboxId: string, config: ContainerConfig): Promise<string> {
    const sandbox = this.#sandboxes.get(sandboxId);
    if (!sandbox) throw new RuntimeError("NotFound", `sandbox ${sandboxId} is not there`);
    const id = this.#id();
    this.#containers.set(uidOf(config), {
      id,
      sandboxId,
      config,
      course: this.#options.script?.course?.(described(config)) ?? {},
      createdAt: this.#options.clock.now(),
      logPath: `${sandbox.logDirectory}/${config.logPath ?? ""}`,
      phase: "created",
      startedAt: 0,
      finishedAt: 0,
      exitCode: 0,
      reason: "",
      message: "",
      timers: [],
      ended: [],
    });
    return id;
  }

  async startContainer(id: string): Promise<void> {
    const made = this.#get(id);
    const { clock } = this.#options;
    const { course } = made;
    if (course.startError) {
      made.message = course.startError;
      this.#exit(made, 128, "StartError");
      throw new RuntimeError("Unknown", course.startError);
    }
    made.phase = "running";
    made.startedAt = clock.now();
    await this.#options.disk.writeFile(made.logPath, "").catch(() => {});
    for (const { atMs, text, stderr } of course.log ?? [])
      made.timers.push(clock.after(atMs, () => void this.#log(made, text, stderr ?? false)));
    if (course.exitAfterMs !== undefined) {
      const code = course.exitCode ?? 0;
      made.timers.push(clock.after(course.exitAfterMs, () => void this.#leave(made, code)));
    }
    this.#tell(uidOf(made.config));
  }

  async stopContainer(id: string, graceSeconds: number): Promise<void> {
    const made = this.#containers.get(id);
    if (!made || made.phase !== "running") return;
    const { stopAfterMs = 0, stopCode = 0 } = made.course;
    const graceMs = graceSeconds * 1000;
    const killed = stopAfterMs > graceMs;
    const wait = Math.min(stopAfterMs, graceMs);
    if (wait > 0) {
      const { promise, resolve } = Promise.withResolvers<void>();
      made.ended.push(resolve);
      const timer = this.#options.clock.after(wait, () => resolve());
      await promise;
      timer.cancel();
    }
    if (made.phase === "running")
      this.#exit(made, killed ? 137 : stopCode, killed || stopCode !== 0 ? "Error" : "Completed");
  }

  async removeContainer(id: string): Promise<void> {
    const made = this.#containers.get(id);
    if (!made) return;
    if (made.phase === "running") this.#exit(made, 137, "Error");
    this.#containers.delete(id);
  }

  async listContainers(podUid?: string): Promise<readonly RuntimeContainer[]> {
    return [...this.#containers.values(podUid)].map(({ id, sandboxId, phase, createdAt, config }) => {
      const [labels, annotations] = [defined(config.labels), defined(config.annotations)];
      return { id, sandboxId, phase, createdAt, labels, annotations };
    });
  }

  async containerStatus(id: string): Promise<RuntimeContainerStatus> {
    const made = this.#get(id);
    const { config, phase, createdAt, startedAt, finishedAt, exitCode, reason, message, logPath } = made;
    const image = config.image?.userSpecifiedImage || config.image?.image || "";
    return {
      id,
      phase,
      createdAt,
      startedAt,
      finishedAt,
      exitCode,
      reason,
      message,
      logPath,
      stopSignal: config.stopSignal || Signal.SIGTERM,
      image,
      imageRef: config.image?.image ?? "",
      imageId: config.image?.image ?? "",
      labels: defined(config.labels),
      annotations: defined(config.annotations),
      mounts: Object.fromEntries(
        (config.mounts ?? []).map(({ containerPath = "", hostPath = "" }) => [containerPath, hostPath]),
      ),
    };
  }

  async updateResources(id: string, resources: LinuxResources): Promise<void> {
    const container = this.#get(id);
    // What is not named stays as it is.
    container.resources = { ...container.resources, ...resources };
  }

  /** What a container was asked for with; for tests. */
  configOf(id: string): ContainerConfig {
    return this.#get(id).config;
  }

  /** What a container was given since it began; for tests. */
  resourcesOf(id: string): LinuxResources | undefined {
    return this.#get(id).resources;
  }

  async checkpointContainer(id: string, path: string): Promise<void> {
    await this.#options.disk.writeFile(path, JSON.stringify(this.#get(id).config));
  }

  async reopenLog(id: string): Promise<void> {
    await this.#options.disk.writeFile(this.#get(id).logPath, "");
  }

  async execSync(id: string, command: readonly string[]): Promise<ExecResult> {
    return this.#run(id, command, { exitCode: 0 });
  }

  async exec(id: string, command: readonly string[]) {
    const stderr = `${command[0]} did not run: nothing runs inside of the containers of a simulated node\n`;
    const run = () => this.#run(id, command, { exitCode: CANNOT_RUN, stderr });
    this.#get(id);
    return {
      handler: {
        kind: "command" as const,
        async run({ stdout, stderr }: { stdout?: NodeJS.WritableStream; stderr?: NodeJS.WritableStream }) {
          const result = run();
          if (result.stdout.length > 0) stdout?.write(result.stdout);
          if (result.stderr.length > 0) stderr?.write(result.stderr);
          return result.exitCode;
        },
      },
    };
  }

  async attach(id: string) {
    const made = this.#get(id);
    const run = () =>
      new Promise<number>((resolve) => {
        if (made.phase !== "running") resolve(made.exitCode);
        else made.ended.push(() => resolve(made.exitCode));
      });
    return { handler: { kind: "command" as const, run } };
  }

  async portForward(sandboxId: string) {
    await this.sandboxStatus(sandboxId);
    const connect = (port: number) => Promise.reject(new Error(`nothing listens on port ${port} of a simulated pod`));
    return { handler: { kind: "port" as const, connect } };
  }

  async imageStatus(image: string, handler?: string): Promise<RuntimeImage | undefined> {
    const key = imageKey(image, handler);
    if (this.#options.images?.includes("*") && !this.#images.has(key)) this.#addImage(image, 1_000_000, handler);
    return this.#images.get(key);
  }

  async listImages(): Promise<readonly RuntimeImage[]> {
    return [...new Set(this.#images.values())];
  }

  async pullImage(...[image, , , handler]: Parameters<Runtime["pullImage"]>): Promise<string> {
    const { delayMs = 0, error, size = 1_000_000 } = this.#options.script?.pull?.(image) ?? {};
    if (delayMs > 0) await sleep(this.#options.clock, delayMs);
    if (error) throw new RuntimeError("Unknown", error);
    return this.#addImage(image, size, handler).id;
  }

  async removeImage(image: string, handler?: string): Promise<void> {
    const key = imageKey(image, handler);
    for (const [name, { id, handler: of }] of this.#images)
      if (name === key || imageKey(id, of) === key) this.#images.delete(name);
  }

  async filesystems(): Promise<RuntimeFilesystems> {
    return {};
  }

  async mountsImages() {
    return true;
  }

  async viewImage(): Promise<never> {
    throw new RuntimeError("Unimplemented", "a simulated runtime mounts images itself");
  }

  async removeView(): Promise<void> {}

  async containerStats() {
    const timestamp = this.#options.clock.now();
    return [...this.#containers.values()]
      .filter(({ phase }) => phase === "running")
      .map(({ id, config }) => ({
        id,
        labels: defined(config.labels),
        timestamp,
        cpuNanos: 0,
        memoryWorkingSetBytes: 0,
      }));
  }

  async watch(changed: (podUid: string) => void, signal: AbortSignal): Promise<void> {
    this.#watchers.add(changed);
    await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
    this.#watchers.delete(changed);
  }

  /** Nothing happens any more. */
  close(): void {
    for (const { timers } of this.#containers.values()) for (const timer of timers.splice(0)) timer.cancel();
  }

  /** Ends a container as a crash would; for tests. */
  crash(id: string, exitCode = 137, reason = "Error"): void {
    this.#exit(this.#get(id), exitCode, reason);
  }

  #run(id: string, command: readonly string[], unknown: SimulatedResult): ExecResult {
    const made = this.#get(id);
    if (made.phase !== "running") throw new RuntimeError("Unknown", `container ${id} is not running`);
    const result = this.#options.script?.exec?.(described(made.config), command) ?? unknown;
    const { exitCode, stdout = "", stderr = "" } = result;
    return { exitCode, stdout: Buffer.from(stdout), stderr: Buffer.from(stderr) };
  }

  #get(id: string): Made {
    const found = this.#containers.get(id);
    if (!found) throw new RuntimeError("NotFound", `container ${id} is not there`);
    return found;
  }

  #of({ id, uid }: SandboxRecord): Made[] {
    return [...this.#containers.values(uid)].filter((made) => made.sandboxId === id);
  }

  async #leave(made: Made, code: number): Promise<void> {
    const path = defined(made.config.annotations)[TERMINATION_MESSAGE_PATH];
    const file = (made.config.mounts ?? []).find(
      ({ containerPath }) => containerPath === (path || "/dev/termination-log"),
    )?.hostPath;
    if (made.course.message && file) await this.#options.disk.writeFile(file, made.course.message);
    this.#exit(made, code, made.course.reason ?? (code === 0 ? "Completed" : "Error"));
  }

  #exit(made: Made, exitCode: number, reason: string): void {
    if (made.phase === "exited") return;
    for (const timer of made.timers.splice(0)) timer.cancel();
    made.phase = "exited";
    made.exitCode = exitCode;
    made.reason = reason;
    made.finishedAt = this.#options.clock.now();
    for (const run of made.ended.splice(0)) run();
    this.#tell(uidOf(made.config));
  }

  async #log(made: Made, text: string, stderr: boolean): Promise<void> {
    const time = new Date(this.#options.clock.now()).toISOString().replace("Z", "000000Z");
    await this.#options.disk.appendFile(made.logPath, `${time} ${stderr ? "stderr" : "stdout"} F ${text}\n`);
  }

  #addImage(name: string, size: number, handler?: string): RuntimeImage {
    const image: RuntimeImage = {
      id: `sha256:${Buffer.from(name).toString("hex").padEnd(64, "0").slice(0, 64)}`,
      tags: [name],
      digests: [],
      size,
      pinned: false,
      ...(handler && { handler }),
    };
    for (const known of [name, image.id]) this.#images.set(imageKey(known, handler), image);
    return image;
  }

  #id(): string {
    const half = () => this.#options.random.uuid().replaceAll("-", "");
    return half() + half();
  }

  #tell(podUid: string): void {
    for (const changed of this.#watchers) changed(podUid);
  }
}

const defined = (map: Readonly<Record<string, string | undefined>> | undefined): Record<string, string> =>
  (map ?? {}) as Record<string, string>;

const uidOf = (config: ContainerConfig): string => defined(config.labels)[POD_UID] ?? "";

function described(config: ContainerConfig): SimulatedContainer {
  const labels = defined(config.labels);
  return {
    podName: labels[POD_NAME] ?? "",
    podNamespace: labels[POD_NAMESPACE] ?? "",
    name: labels[CONTAINER_NAME] ?? "",
    attempt: Number(defined(config.annotations)[RESTART_COUNT] ?? 0),
    config,
  };
}
