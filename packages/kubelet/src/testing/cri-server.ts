/**
 * A runtime behind a CRI socket, as newer ones are: it tells events itself, has user namespaces, and mounts images. What it does is another
 * `Runtime`'s to do, so that all that goes over the socket can be tried on any machine.
 */
import { ContainerState, ImageService, PodSandboxState, RuntimeService } from "@kubets/wire/generated/cri";
import { GrpcError, grpcServer, type Handlers, serve } from "@kubets/wire/grpc";
import {
  type ContainerPhase,
  type FilesystemStats,
  isRuntimeError,
  type Runtime,
  type RuntimeContainer,
  type RuntimeImage,
  type SandboxStatus,
} from "../runtime/runtime.ts";

const nanos = (millis: number): bigint => BigInt(Math.round(millis)) * 1_000_000n;
const POD_UID = "io.kubernetes.pod.uid";

const STATES: Record<ContainerPhase, number> = {
  created: ContainerState.CONTAINER_CREATED,
  running: ContainerState.CONTAINER_RUNNING,
  exited: ContainerState.CONTAINER_EXITED,
  unknown: ContainerState.CONTAINER_UNKNOWN,
};

const sandboxState = (ready: boolean) => (ready ? PodSandboxState.SANDBOX_READY : PodSandboxState.SANDBOX_NOTREADY);

/** Failures as gRPC has them. */
const said = <T>(result: Promise<T>): Promise<T> =>
  result.catch((error: Error) => {
    throw new GrpcError(isRuntimeError(error, "NotFound") ? "NOT_FOUND" : "UNKNOWN", error.message);
  });

function sandboxOf({
  id,
  ready,
  createdAt,
  attempt,
  name,
  namespace,
  uid,
  labels,
  annotations,
  handler,
}: Omit<SandboxStatus, "ips">) {
  const metadata = { name, namespace, uid, attempt };
  return {
    id,
    metadata,
    state: sandboxState(ready),
    createdAt: nanos(createdAt),
    labels,
    annotations,
    runtimeHandler: handler,
  };
}

const containerOf = ({ id, sandboxId, phase, createdAt, labels, annotations }: RuntimeContainer) => ({
  id,
  podSandboxId: sandboxId,
  state: STATES[phase],
  createdAt: nanos(createdAt),
  labels,
  annotations,
});

const tooLarge = async (): Promise<never> => {
  throw new GrpcError("RESOURCE_EXHAUSTED", "grpc: trying to send message larger than max");
};

/** Lists that fit into no message: each of their items comes by itself. */
const pieces = (runtime: Runtime): Handlers<typeof RuntimeService> => ({
  listPodSandbox: tooLarge,
  listContainers: tooLarge,
  listContainerStats: tooLarge,
  async *streamPodSandboxes({ filter }) {
    const all = await runtime.listSandboxes(filter?.labelSelector[POD_UID]);
    for (const each of all) yield { podSandboxes: [sandboxOf(each)] };
  },
  async *streamContainers({ filter }) {
    const all = await runtime.listContainers(filter?.labelSelector[POD_UID]);
    for (const each of all) yield { containers: [containerOf(each)] };
  },
  async *streamContainerStats() {
    for (const { id, labels, timestamp, cpuNanos = 0 } of await runtime.containerStats())
      yield {
        containerStats: [
          {
            attributes: { id, labels },
            cpu: { timestamp: nanos(timestamp), usageCoreNanoSeconds: { value: cpuNanos } },
          },
        ],
      };
  },
});

const imagePieces = (runtime: Runtime): Handlers<typeof ImageService> => ({
  listImages: tooLarge,
  async *streamImages() {
    for (const each of await runtime.listImages()) yield { images: [imageOf(each)] };
  },
});

function runtimeHandlers(runtime: Runtime): Handlers<typeof RuntimeService> {
  return {
    async version() {
      const { name, version, apiVersion } = await runtime.version();
      return { version: "0.1.0", runtimeName: name, runtimeVersion: version, runtimeApiVersion: apiVersion };
    },
    async status() {
      const conditions = ["RuntimeReady", "NetworkReady"].map((type) => ({ type, status: true }));
      const features = { recursiveReadOnlyMounts: true, userNamespaces: true };
      return { status: { conditions }, runtimeHandlers: [{ name: "", features }] };
    },
    async runPodSandbox({ config, runtimeHandler }) {
      const found = await said(runtime.runSandbox(config ?? {}, runtimeHandler));
      return { podSandboxId: found };
    },
    async stopPodSandbox({ podSandboxId }) {
      await said(runtime.stopSandbox(podSandboxId));
      return {};
    },
    async removePodSandbox({ podSandboxId }) {
      await said(runtime.removeSandbox(podSandboxId));
      return {};
    },
    async listPodSandbox({ filter }) {
      return { items: (await runtime.listSandboxes(filter?.labelSelector[POD_UID])).map(sandboxOf) };
    },
    async podSandboxStatus({ podSandboxId }) {
      const { ips, ...sandbox } = await said(runtime.sandboxStatus(podSandboxId));
      const [ip = "", ...others] = ips;
      return {
        status: { ...sandboxOf(sandbox), network: { ip, additionalIps: others.map((each) => ({ ip: each })) } },
      };
    },
    async createContainer({ podSandboxId, config, sandboxConfig }) {
      return { containerId: await said(runtime.createContainer(podSandboxId, config ?? {}, sandboxConfig ?? {})) };
    },
    async startContainer({ containerId }) {
      await said(runtime.startContainer(containerId));
      return {};
    },
    async stopContainer({ containerId, timeout }) {
      await said(runtime.stopContainer(containerId, Number(timeout)));
      return {};
    },
    async removeContainer({ containerId }) {
      await said(runtime.removeContainer(containerId));
      return {};
    },
    async listContainers({ filter }) {
      const all = await runtime.listContainers(filter?.labelSelector[POD_UID]);
      return {
        containers: all.map(containerOf),
      };
    },
    async containerStatus({ containerId }) {
      const found = await said(runtime.containerStatus(containerId));
      const { id, exitCode, reason, message, imageRef, imageId, labels, annotations, logPath, stopSignal } = found;
      const status = {
        id,
        exitCode,
        reason,
        message,
        imageRef,
        imageId,
        labels,
        annotations,
        logPath,
        stopSignal,
        state: STATES[found.phase],
        createdAt: nanos(found.createdAt),
        startedAt: nanos(found.startedAt),
        finishedAt: nanos(found.finishedAt),
        image: { image: imageRef, userSpecifiedImage: found.image },
        mounts: Object.entries(found.mounts).map(([containerPath, hostPath]) => ({ containerPath, hostPath })),
      };
      return { status };
    },
    async execSync({ containerId, cmd, timeout }) {
      return await said(runtime.execSync(containerId, cmd, Number(timeout) * 1000));
    },
    /** Each event tells which pod it is of. */
    async *getContainerEvents(_, { signal }) {
      const heard = new ReadableStream<string>({
        start: (events) => {
          const end = () => events.close();
          runtime.watch((uid) => events.enqueue(uid), signal).then(end, end);
        },
      });
      for await (const uid of heard) yield { podSandboxStatus: { metadata: { uid } } };
    },
  };
}

const imageOf = ({ id, tags, digests, size, pinned, handler = "" }: RuntimeImage) => ({
  id,
  repoTags: tags,
  repoDigests: digests,
  size: BigInt(size),
  pinned,
  spec: { image: id, runtimeHandler: handler },
});

const filesystemOf = ({ mountpoint, usedBytes, inodesUsed }: FilesystemStats) => ({
  fsId: { mountpoint },
  usedBytes: { value: usedBytes },
  inodesUsed: { value: inodesUsed },
});

const imageHandlers = (runtime: Runtime): Handlers<typeof ImageService> => ({
  async imageStatus({ image }) {
    const found = await runtime.imageStatus(image?.image ?? "", image?.runtimeHandler);
    return found ? { image: imageOf(found) } : {};
  },
  async listImages() {
    return { images: (await runtime.listImages()).map(imageOf) };
  },
  async pullImage({ image, auth, sandboxConfig }) {
    const pulled = runtime.pullImage(image?.image ?? "", auth, sandboxConfig, image?.runtimeHandler);
    return { imageRef: await said(pulled) };
  },
  async imageFsInfo() {
    const { images, containers } = await runtime.filesystems();
    return {
      imageFilesystems: images ? [filesystemOf(images)] : [],
      containerFilesystems: containers ? [filesystemOf(containers)] : [],
    };
  },
  async removeImage({ image }) {
    await said(runtime.removeImage(image?.image ?? "", image?.runtimeHandler));
    return {};
  },
});

/** Serves a runtime at `unix:///path`; `inPieces`: its lists can be had piece by piece alone. */
export const criServer = (listen: string, runtime: Runtime, inPieces = false) =>
  grpcServer({
    listen,
    services: [
      serve(RuntimeService, { ...runtimeHandlers(runtime), ...(inPieces && pieces(runtime)) }),
      serve(ImageService, { ...imageHandlers(runtime), ...(inPieces && imagePieces(runtime)) }),
    ],
  });
