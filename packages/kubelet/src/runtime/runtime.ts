/**
 * What the kubelet needs of a container runtime, in the shape of the CRI: pod sandboxes, containers, images, stats, streams.
 *
 * Holds for every implementation:
 * - Ids are opaque and never used again. Labels and annotations given at creation come back unchanged: the kubelet keeps nothing else,
 *   and takes its pods up from them after its own restart.
 * - Stopping and removing what is stopped or gone succeeds. `stopContainer` resolves when the container has ended: by the stop signal,
 *   or, when the grace time is over, by KILL; `removeSandbox` removes what is left in it.
 * - A sandbox has its addresses when `runSandbox` resolves, unless it lives in the network of the node.
 * - A container that could not be started is "exited" with the reason StartError and the code 128; `startContainer` rejects then.
 * - Failures are `RuntimeError`s with the runtime's own message; what is not there rejects with the code "NotFound".
 * - Times are milliseconds since 1970.
 */
import type {
  AuthConfig,
  ContainerConfig as CriContainerConfig,
  LinuxContainerResources,
  PodSandboxConfig,
} from "@kubets/wire/generated/cri";
import type { Init } from "@kubets/wire/proto";
import type { StreamHandler } from "./streams.ts";

export type SandboxConfig = Init<PodSandboxConfig>;
export type ContainerConfig = Init<CriContainerConfig>;
export type RegistryAuth = Init<AuthConfig>;
export type LinuxResources = Init<LinuxContainerResources>;

export interface Runtime {
  version(): Promise<RuntimeVersion>;
  status(): Promise<RuntimeStatus>;
  /** Tells the runtime the node's range of pod addresses, for those that set up the network themselves. */
  setPodCidr(podCidr: string): Promise<void>;

  /** `handler` chooses one of the runtime's handlers (a RuntimeClass); "" is the default. */
  runSandbox(config: SandboxConfig, handler: string): Promise<string>;
  stopSandbox(id: string): Promise<void>;
  removeSandbox(id: string): Promise<void>;
  listSandboxes(podUid?: string): Promise<readonly Sandbox[]>;
  sandboxStatus(id: string): Promise<SandboxStatus>;

  createContainer(sandboxId: string, config: ContainerConfig, sandbox: SandboxConfig): Promise<string>;
  startContainer(id: string): Promise<void>;
  stopContainer(id: string, graceSeconds: number): Promise<void>;
  removeContainer(id: string): Promise<void>;
  listContainers(podUid?: string): Promise<readonly RuntimeContainer[]>;
  containerStatus(id: string): Promise<RuntimeContainerStatus>;
  updateResources(id: string, resources: LinuxResources): Promise<void>;
  /** Writes what runs into an archive at this path; the code "Unimplemented" where the runtime cannot. */
  checkpointContainer(id: string, path: string, timeoutSeconds: number): Promise<void>;
  /** After the log file was moved away: the runtime begins a new one. */
  reopenLog(id: string): Promise<void>;

  /** Runs a command to its end, or kills it: then it rejects with the code "Timeout". */
  execSync(id: string, command: readonly string[], timeoutMs: number): Promise<ExecResult>;
  exec(id: string, command: readonly string[], streams: StreamChoice): Promise<StreamTarget>;
  attach(id: string, streams: StreamChoice): Promise<StreamTarget>;
  portForward(sandboxId: string, ports: readonly number[]): Promise<StreamTarget>;

  /** Undefined when the image is not there. A runtime may keep images apart by the handler that they are for; "" is none. */
  imageStatus(image: string, handler?: string): Promise<RuntimeImage | undefined>;
  listImages(): Promise<readonly RuntimeImage[]>;
  /** Gives the id of what was pulled. */
  pullImage(
    image: string,
    auth: RegistryAuth | undefined,
    sandbox: SandboxConfig | undefined,
    handler?: string,
  ): Promise<string>;
  removeImage(image: string, handler?: string): Promise<void>;
  filesystems(): Promise<RuntimeFilesystems>;
  /** Whether containers can be given images as mounts. */
  mountsImages(): Promise<boolean>;
  /**
   * Where they cannot: what to mount, one above the other, to read the files of an image. They are there, whatever becomes of the image, until
   * the view of this name is removed; the same name gives the same view.
   */
  viewImage(name: string, image: string, handler?: string): Promise<readonly ImageMount[]>;
  removeView(name: string): Promise<void>;

  containerStats(): Promise<readonly ContainerStats[]>;

  /**
   * Tells when something may have happened to a pod ("" when it is not known to which), until the signal. Rejects with the code
   * "Unimplemented" when the runtime tells nothing: then the kubelet asks again and again.
   */
  watch(changed: (podUid: string) => void, signal: AbortSignal): Promise<void>;
  close(): void;
}

export type RuntimeErrorCode = "NotFound" | "Timeout" | "Unimplemented" | "Unavailable" | "Unknown";

export class RuntimeError extends Error {
  override readonly name = "RuntimeError";
  readonly code: RuntimeErrorCode;

  constructor(code: RuntimeErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

export const isRuntimeError = (error: unknown, code: RuntimeErrorCode): error is RuntimeError =>
  error instanceof RuntimeError && error.code === code;

export interface RuntimeVersion {
  /** "containerd" */
  readonly name: string;
  readonly version: string;
  readonly apiVersion: string;
}

export interface RuntimeStatus {
  readonly ready: boolean;
  readonly networkReady: boolean;
  /** Why one of them is not. */
  readonly message: string;
  readonly handlers: readonly RuntimeHandler[];
  /** Pods may have users of their own and the network of the node. */
  readonly userNamespacesHostNetwork?: boolean;
}

export interface RuntimeHandler {
  readonly name: string;
  readonly recursiveReadOnlyMounts: boolean;
  readonly userNamespaces: boolean;
}

export interface Sandbox {
  readonly id: string;
  readonly ready: boolean;
  readonly createdAt: number;
  readonly attempt: number;
  readonly name: string;
  readonly namespace: string;
  readonly uid: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly handler: string;
}

export interface SandboxStatus extends Sandbox {
  /** Empty in the network of the node. */
  readonly ips: readonly string[];
}

export type ContainerPhase = "created" | "running" | "exited" | "unknown";

export interface RuntimeContainer {
  readonly id: string;
  readonly sandboxId: string;
  readonly phase: ContainerPhase;
  readonly createdAt: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

export interface RuntimeContainerStatus extends Omit<RuntimeContainer, "sandboxId"> {
  /** 0 as long as it has not happened. */
  readonly startedAt: number;
  readonly finishedAt: number;
  readonly exitCode: number;
  /** "Completed", "Error", "OOMKilled", "StartError", ... */
  readonly reason: string;
  readonly message: string;
  /** As it was asked for. */
  readonly image: string;
  /** What it is: a digest, for the status. */
  readonly imageRef: string;
  /** The image's id, by which it is removed. */
  readonly imageId: string;
  /** For which handler its image was pulled, where the runtime tells. */
  readonly imageHandler?: string;
  readonly logPath: string;
  /** By which it is asked to end, in the CRI's numbers; 0 where the runtime does not say. */
  readonly stopSignal?: number;
  /** Host paths by path in the container. */
  readonly mounts: Readonly<Record<string, string>>;
  readonly user?: { readonly uid: number; readonly gid: number; readonly supplementalGroups: readonly number[] };
}

export interface ExecResult {
  readonly stdout: Buffer;
  readonly stderr: Buffer;
  readonly exitCode: number;
}

export interface StreamChoice {
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  readonly tty: boolean;
}

/** Where streams go: to a server of the runtime that speaks the client's own protocol, or to a handler in this process. */
export type StreamTarget = { readonly url: string } | { readonly handler: StreamHandler };

export interface RuntimeImage {
  readonly id: string;
  readonly tags: readonly string[];
  readonly digests: readonly string[];
  readonly size: number;
  /** For which handler it was pulled, where the runtime keeps them apart. */
  readonly handler?: string;
  /** Who the image's processes run as, when it says so. */
  readonly uid?: number;
  readonly username?: string;
  readonly pinned: boolean;
}

/** What tells an image from others, also of those that are there for several handlers. */
export const imageKey = (name: string, handler?: string): string => (handler ? `${name},${handler}` : name);

export interface ImageMount {
  /** A file system, or "bind". */
  readonly type: string;
  readonly source: string;
  readonly options: readonly string[];
}

/** Absent is what the runtime does not say. */
export interface RuntimeFilesystems {
  readonly images?: FilesystemStats;
  /** Of what containers write. */
  readonly containers?: FilesystemStats;
}

export interface FilesystemStats {
  readonly mountpoint: string;
  readonly usedBytes: number;
  readonly inodesUsed: number;
}

export interface ContainerStats {
  readonly id: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly timestamp: number;
  /** Nanoseconds of CPU since the start. */
  readonly cpuNanos?: number;
  readonly memoryWorkingSetBytes?: number;
  readonly memoryUsageBytes?: number;
  readonly memoryRssBytes?: number;
  readonly pageFaults?: number;
  readonly majorPageFaults?: number;
  readonly diskUsedBytes?: number;
  readonly diskInodesUsed?: number;
}
