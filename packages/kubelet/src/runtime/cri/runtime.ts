/**
 * A runtime behind a CRI socket (containerd, CRI-O): each method is one call.
 * Holds: the messages of failures are the runtime's own, without gRPC's words around them; events come from the runtime's
 * GetContainerEvents where it has it, else from containerd's own event service.
 */
import { ImageService, PodSandboxState, RuntimeService } from "@kubets/wire/generated/cri";
import {
  type CallOptions,
  type GrpcClient,
  type GrpcCode,
  GrpcError,
  grpcClient,
  isGrpcError,
} from "@kubets/wire/grpc";
import { POD_UID } from "../names.ts";
import {
  type ExecResult,
  type Runtime,
  RuntimeError,
  type RuntimeErrorCode,
  type RuntimeStatus,
  type SandboxStatus,
} from "../runtime.ts";
import { watchEvents } from "./events.ts";
import { canMountImages, removeSnapshot, type SnapshotPlace, viewSnapshot } from "./image-views.ts";
import { type Lister, listsInPieces, wholeLists } from "./lists.ts";
import { containerOf, containerStatusOf, filesystemOf, imageOf, sandboxOf, statsOf } from "./messages.ts";

export interface CriOptions {
  /** `unix:///run/containerd/containerd.sock` */
  readonly endpoint: string;
  /** Where images are, when elsewhere. */
  readonly imageEndpoint?: string;
  /** For calls that should be quick. */
  readonly timeoutMs?: number;
  /** Whether lists are asked for piece by piece (gate CRIListStreaming). */
  readonly inPieces?: boolean;
}

const TWO_MINUTES = 120_000;
/** Setting up a sandbox waits for the network; pulling has no limit. */
const SANDBOX_TIMEOUT_MS = 4 * 60_000;

interface RuntimeSettings {
  /** What sandboxes are made of, where the runtime does not pin it itself. */
  readonly sandboxImage?: string;
  /** Who keeps the layers of images. */
  readonly containerd?: { readonly snapshotter?: string };
}

export function criRuntime(options: CriOptions): Runtime {
  const { endpoint, imageEndpoint, timeoutMs = TWO_MINUTES, inPieces = false } = options;
  const runtimeClient = grpcClient({ target: target(endpoint) });
  const imageClient =
    imageEndpoint && imageEndpoint !== endpoint ? grpcClient({ target: target(imageEndpoint) }) : runtimeClient;

  const caller =
    (client: GrpcClient): GrpcClient["unary"] =>
    (method, request, options) =>
      client.unary(method, request, { timeoutMs, ...options }).catch((error: unknown) => {
        throw runtimeError(error);
      });
  const call = caller(runtimeClient);
  const callImages = caller(imageClient);
  const lister = inPieces ? listsInPieces({ timeoutMs }) : wholeLists;
  const list: Lister = (listed) =>
    lister(listed).catch((error: unknown) => {
      throw runtimeError(error);
    });

  /** Of runtimes that tell them. */
  const settings = async (): Promise<RuntimeSettings> => {
    const { info } = await call(RuntimeService.status, { verbose: true });
    return JSON.parse(info["config"] ?? "{}") as RuntimeSettings;
  };
  let sandboxImage: Promise<string | undefined> | undefined;

  const version = async () => {
    const { runtimeName, runtimeVersion, runtimeApiVersion } = await call(RuntimeService.version, {});
    return { name: runtimeName, version: runtimeVersion, apiVersion: runtimeApiVersion };
  };
  const snapshotPlace = async (key: string): Promise<SnapshotPlace> => ({
    snapshotter: (await settings()).containerd?.snapshotter ?? "overlayfs",
    key,
  });

  const execTimeout = (ms: number): CallOptions => ({ timeoutMs: ms + 5000 });

  return {
    version,

    async status(): Promise<RuntimeStatus> {
      const { status, runtimeHandlers, features } = await call(RuntimeService.status, {});
      const wrong = status?.conditions.filter((condition) => !condition.status) ?? [];
      const is = (type: string) => status?.conditions.find((each) => each.type === type)?.status ?? false;
      return {
        ready: is("RuntimeReady"),
        networkReady: is("NetworkReady"),
        message: wrong
          .map(({ type, reason, message }) => `${type}=false reason:${reason} message:${message}`)
          .join(", "),
        handlers: runtimeHandlers.map(({ name, features: has }) => ({
          name,
          recursiveReadOnlyMounts: has?.recursiveReadOnlyMounts ?? false,
          userNamespaces: has?.userNamespaces ?? false,
        })),
        userNamespacesHostNetwork: features?.userNamespacesHostNetwork ?? false,
      };
    },

    async setPodCidr(podCidr) {
      await call(RuntimeService.updateRuntimeConfig, { runtimeConfig: { networkConfig: { podCidr } } });
    },

    async runSandbox(config, handler) {
      const request = { config, runtimeHandler: handler };
      return (await call(RuntimeService.runPodSandbox, request, { timeoutMs: SANDBOX_TIMEOUT_MS })).podSandboxId;
    },

    async stopSandbox(id) {
      await call(RuntimeService.stopPodSandbox, { podSandboxId: id }).catch(unlessGone);
    },

    async removeSandbox(id) {
      await call(RuntimeService.removePodSandbox, { podSandboxId: id }).catch(unlessGone);
    },

    async listSandboxes(podUid) {
      const request = { filter: ofPod(podUid) };
      const found = await list({
        client: runtimeClient,
        pieces: RuntimeService.streamPodSandboxes,
        request,
        itemsOf: ({ podSandboxes }) => podSandboxes,
        whole: async () => (await call(RuntimeService.listPodSandbox, request)).items,
      });
      return found.map(sandboxOf);
    },

    async sandboxStatus(id): Promise<SandboxStatus> {
      const { status } = await call(RuntimeService.podSandboxStatus, { podSandboxId: id });
      if (!status) throw new RuntimeError("NotFound", `the runtime gave no status of the sandbox ${id}`);
      const { network } = status;
      const ips = network?.ip ? [network.ip, ...network.additionalIps.map(({ ip }) => ip)] : [];
      return { ...sandboxOf(status), ready: status.state === PodSandboxState.SANDBOX_READY, ips };
    },

    async createContainer(sandboxId, config, sandboxConfig) {
      const request = { podSandboxId: sandboxId, config, sandboxConfig };
      return (await call(RuntimeService.createContainer, request)).containerId;
    },

    async startContainer(id) {
      await call(RuntimeService.startContainer, { containerId: id });
    },

    async stopContainer(id, graceSeconds) {
      const request = { containerId: id, timeout: graceSeconds };
      await call(RuntimeService.stopContainer, request, { timeoutMs: timeoutMs + graceSeconds * 1000 }).catch(
        unlessGone,
      );
    },

    async removeContainer(id) {
      await call(RuntimeService.removeContainer, { containerId: id }).catch(unlessGone);
    },

    async listContainers(podUid) {
      const request = { filter: ofPod(podUid) };
      const found = await list({
        client: runtimeClient,
        pieces: RuntimeService.streamContainers,
        request,
        itemsOf: ({ containers }) => containers,
        whole: async () => (await call(RuntimeService.listContainers, request)).containers,
      });
      return found.map(containerOf);
    },

    async containerStatus(id) {
      const { status } = await call(RuntimeService.containerStatus, { containerId: id });
      if (!status) throw new RuntimeError("NotFound", `the runtime gave no status of the container ${id}`);
      return containerStatusOf(status);
    },

    async updateResources(id, linux) {
      await call(RuntimeService.updateContainerResources, { containerId: id, linux });
    },

    async checkpointContainer(id, location, timeout) {
      const wait = timeout > 0 ? { timeoutMs: timeout * 1000 + timeoutMs } : {};
      await call(RuntimeService.checkpointContainer, { containerId: id, location, timeout }, wait);
    },

    async reopenLog(id) {
      await call(RuntimeService.reopenContainerLog, { containerId: id });
    },

    async execSync(id, command, limitMs): Promise<ExecResult> {
      const request = { containerId: id, cmd: command, timeout: Math.ceil(limitMs / 1000) };
      const { stdout, stderr, exitCode } = await call(RuntimeService.execSync, request, execTimeout(limitMs)).catch(
        (error: unknown) => {
          // containerd says DeadlineExceeded in words, with the code UNKNOWN.
          if (error instanceof RuntimeError && /timeout .* exceeded|deadline exceeded/i.test(error.message)) {
            throw new RuntimeError("Timeout", `command timed out: ${error.message}`, { cause: error });
          }
          throw error;
        },
      );
      return { stdout: Buffer.from(stdout), stderr: Buffer.from(stderr), exitCode };
    },

    async exec(id, command, streams) {
      return { url: (await call(RuntimeService.exec, { containerId: id, cmd: command, ...streams })).url };
    },

    async attach(id, streams) {
      return { url: (await call(RuntimeService.attach, { containerId: id, ...streams })).url };
    },

    async portForward(sandboxId, ports) {
      return { url: (await call(RuntimeService.portForward, { podSandboxId: sandboxId, port: ports })).url };
    },

    async imageStatus(image, runtimeHandler) {
      const found = (await callImages(ImageService.imageStatus, { image: specOf(image, runtimeHandler) })).image;
      return found && imageOf(found);
    },

    async listImages() {
      const images = await list({
        client: imageClient,
        pieces: ImageService.streamImages,
        request: {},
        itemsOf: (piece) => piece.images,
        whole: async () => (await callImages(ImageService.listImages, {})).images,
      });
      const pinned = await (sandboxImage ??= settings().then(
        (told) => told.sandboxImage,
        () => undefined,
      ));
      return images
        .map(imageOf)
        .map((image) => (image.tags.some((tag) => tag === pinned) ? { ...image, pinned: true } : image));
    },

    async pullImage(image, auth, sandboxConfig, runtimeHandler) {
      const request = {
        image: specOf(image, runtimeHandler),
        ...(auth && { auth }),
        ...(sandboxConfig && { sandboxConfig }),
      };
      const hours = { timeoutMs: 6 * 3_600_000 };
      return (await callImages(ImageService.pullImage, request, hours)).imageRef;
    },

    async removeImage(image, runtimeHandler) {
      await callImages(ImageService.removeImage, { image: specOf(image, runtimeHandler) }).catch(unlessGone);
    },

    async filesystems() {
      const { imageFilesystems, containerFilesystems } = await callImages(ImageService.imageFsInfo, {});
      const [[images], [containers]] = [imageFilesystems, containerFilesystems];
      return {
        ...(images && { images: filesystemOf(images) }),
        ...(containers && { containers: filesystemOf(containers) }),
      };
    },

    mountsImages: async () => canMountImages(await version()),

    async viewImage(name, image, runtimeHandler) {
      const asked = { image: specOf(image, runtimeHandler), verbose: true };
      const { info } = await callImages(ImageService.imageStatus, asked);
      const { chainID } = JSON.parse(info["info"] ?? "{}") as { chainID?: string };
      if (chainID === undefined)
        throw new RuntimeError("NotFound", `the runtime knows no layers of the image ${image}`);
      return await viewSnapshot(call, await snapshotPlace(name), chainID);
    },

    removeView: async (name) => removeSnapshot(call, await snapshotPlace(name)),

    async containerStats() {
      const found = await list({
        client: runtimeClient,
        pieces: RuntimeService.streamContainerStats,
        request: {},
        itemsOf: (piece) => piece.containerStats,
        whole: async () => (await call(RuntimeService.listContainerStats, {})).stats,
      });
      return found.map(statsOf);
    },

    watch: (changed, signal) =>
      watchEvents(runtimeClient, changed, signal).catch((error: unknown) => {
        throw runtimeError(error);
      }),

    close() {
      runtimeClient.close();
      if (imageClient !== runtimeClient) imageClient.close();
    },
  };
}

const target = (endpoint: string): string => (endpoint.startsWith("/") ? `unix://${endpoint}` : endpoint);

const ofPod = (podUid: string | undefined) => (podUid === undefined ? {} : { labelSelector: { [POD_UID]: podUid } });

const specOf = (image: string, runtimeHandler = "") => ({ image, runtimeHandler });

const CODES: Partial<Record<GrpcCode, RuntimeErrorCode>> = {
  NOT_FOUND: "NotFound",
  DEADLINE_EXCEEDED: "Timeout",
  UNIMPLEMENTED: "Unimplemented",
  UNAVAILABLE: "Unavailable",
};

function runtimeError(error: unknown): unknown {
  if (!(error instanceof GrpcError)) return error;
  return new RuntimeError(CODES[error.code] ?? "Unknown", error.message, { cause: error });
}

function unlessGone(error: unknown): undefined {
  if (isGrpcError(error, "NOT_FOUND") || (error instanceof RuntimeError && error.code === "NotFound")) return undefined;
  throw error;
}
