/**
 * Starts one container: image, files and environment, creation, start, postStart hook.
 * Holds: what goes wrong is told as an event and thrown as a `StartFailure` whose reason and message go into the container's status.
 */
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import type { Container } from "@kubets/api/generated/types/core-v1";
import { ContainerConfigError } from "../container-config/config-error.ts";
import { containerConfig } from "../container-config/container-config.ts";
import { containerEnv, type Env } from "../container-config/env.ts";
import { envFiles } from "../container-config/env-files.ts";
import { hostName } from "../container-config/hostname.ts";
import { hostsFile, nodeHostsFile } from "../container-config/hosts-file.ts";
import { type ContainerMount, volumeDevices, volumeMounts } from "../container-config/mounts.ts";
import { runHook } from "../hooks/lifecycle.ts";
import { ImageError, type TellOfImage } from "../images/image-puller.ts";
import { containerFolder, hostsPath, podLogFolder } from "../paths.ts";
import { VOLUME_IMAGES } from "../runtime/names.ts";
import type { RuntimeImage, SandboxStatus } from "../runtime/runtime.ts";
import type { IdMapping } from "../userns/user-namespaces.ts";
import type { VolumeMap } from "../volumes/volumes.ts";
import { fieldPathOf } from "./about.ts";
import { linkLog } from "./log-links.ts";
import type { StartContainer } from "./plan.ts";
import { ensureImage, type ImagePlace, mountedOf, type VolumeImages } from "./pod-images.ts";
import { ROUND } from "./restart-all.ts";
import type { MadeContainer } from "./runtime-state.ts";
import type { PodTools } from "./tools.ts";

export class StartFailure extends Error {
  override readonly name = "StartFailure";
  readonly reason: string;

  constructor(reason: string, message: string) {
    super(message);
    this.reason = reason;
  }
}

/** Its signal is aborted when the pod is to end: what has not begun does not begin. */
interface StartPlace extends ImagePlace {
  readonly sandbox: SandboxStatus;
  readonly volumes: VolumeMap;
  readonly volumeImages: VolumeImages;
  readonly podIPs: readonly string[];
  readonly round: number;
  /** The id of the container that an ephemeral one looks at. */
  readonly targetId?: string;
  /** Of the pod's own user namespace. */
  readonly users?: readonly IdMapping[];
}

export async function startContainer(step: StartContainer, place: StartPlace, tools: PodTools): Promise<MadeContainer> {
  const { pod, signal } = place;
  const { container } = step;
  const tell: TellOfImage = (type, reason, message) =>
    tools.events.event(fieldPathOf(pod, container.name), type, reason, message);
  const ifImageError = (error: unknown): never => {
    if (!(error instanceof ImageError)) throw error;
    tell("Warning", "Failed", `Error: ${error.reason}`);
    throw new StartFailure(error.reason, error.message);
  };

  const volumeImages = new Map<string, string>();
  for (const [volume, shown] of mountedOf(container, place.volumeImages))
    volumeImages.set(volume, shown instanceof ImageError ? ifImageError(shown) : shown.id);
  const image = await ensureImage(container.image, container.imagePullPolicy, place, tools, tell).catch(ifImageError);
  signal.throwIfAborted();
  const config = await configOf(step, place, { image, volumeImages }, tools).catch((error: unknown) => {
    const { message } = error as Error;
    tell("Warning", "Failed", `Error: ${message}`);
    throw new StartFailure(
      error instanceof ContainerConfigError ? error.reason : "CreateContainerConfigError",
      message,
    );
  });
  await tools.disk.makeFolder(join(podLogFolder(tools.paths, pod), container.name));
  signal.throwIfAborted();

  let id: string;
  try {
    await tools.resources.preStart(pod.metadata.uid, container.name);
    id = await tools.runtime.createContainer(place.sandbox.id, config, place.sandboxConfig);
  } catch (error) {
    const { message } = error as Error;
    tell("Warning", "Failed", `Error: ${message}`);
    throw new StartFailure("CreateContainerError", message);
  }
  tell("Normal", "Created", "Container created");
  try {
    await tools.runtime.startContainer(id);
  } catch (error) {
    const { message } = error as Error;
    tell("Warning", "Failed", `Error: ${message}`);
    throw new StartFailure("RunContainerError", message);
  }
  tell("Normal", "Started", "Container started");
  await linkLog(pod, { id, name: container.name }, step.attempt, tools);
  await postStart(container as Container, id, place, tools);
  return { id, sandboxId: place.sandbox.id, labels: config.labels, annotations: config.annotations };
}

interface Images {
  readonly image: RuntimeImage;
  /** Ids, by the names of the volumes that show them. */
  readonly volumeImages: ReadonlyMap<string, string>;
}

async function configOf(step: StartContainer, place: StartPlace, { image, volumeImages }: Images, tools: PodTools) {
  const { pod, podIPs } = place;
  const { node, objects } = tools;
  const { namespace } = pod.metadata;
  const container = step.container as Container;
  await objects.ready(pod.metadata.uid);
  const { uid } = pod.metadata;
  const extras = tools.resources.extrasOf(uid, container.name);
  const ownEnv = containerEnv(pod, container, {
    services: node.services(),
    addresses: { hostIPs: node.hostIPs(), podIPs },
    allocatable: node.allocatable(),
    configMap: (name) => objects.configMap(namespace, name),
    secret: (name) => objects.secret(namespace, name),
    fileKey: await envFiles(container, place.volumes, tools.disk),
  });
  const env: Env = new Map([...Object.entries(extras.envs), ...ownEnv]);
  const volumes = new Map(place.volumes);
  for (const [volume, id] of volumeImages) volumes.set(volume, await tools.volumes.ofImage(uid, id, place.handler));
  const { users } = place;
  const mapped = users && { uidMappings: users, gidMappings: users };
  const mounts = [
    ...(await volumeMounts(container, volumes, env, tools.disk)).map((mount) => ({ ...mapped, ...mount })),
    ...(await ownFiles(container, place, tools)),
    ...extras.mounts.map(({ readOnly, ...mount }) => ({ ...mount, readonly: readOnly })),
  ];
  return containerConfig(pod, container, {
    attempt: step.attempt,
    image,
    imageRef: image.id,
    env,
    mounts,
    devices: [...volumeDevices(container, volumes), ...extras.devices],
    cdiDevices: [...extras.cdiDevices, ...tools.dynamicResources.cdiDevices(pod, container)],
    annotations: {
      ...extras.annotations,
      ...(place.round > 0 && { [ROUND]: String(place.round) }),
      ...(volumeImages.size > 0 && { [VOLUME_IMAGES]: [...volumeImages.values()].join(",") }),
    },
    place: tools.resources.placeOf(uid, container.name),
    node: node.facts,
    security: {
      ...node.security,
      ...(users && { users }),
      ...(place.targetId !== undefined && { targetId: place.targetId }),
    },
  });
}

/** The pod's hosts file and the file for the container's last words. */
async function ownFiles(container: Container, { pod, podIPs }: StartPlace, tools: PodTools): Promise<ContainerMount[]> {
  const { disk, paths, node } = tools;
  const { uid } = pod.metadata;
  const taken = new Set((container.volumeMounts ?? []).map(({ mountPath }) => mountPath));
  const mounts: ContainerMount[] = [];
  if (!taken.has("/etc/hosts")) {
    const { short, domain } = hostName(pod, node.dns.clusterDomain);
    const content = pod.spec.hostNetwork
      ? nodeHostsFile((await disk.readFile("/etc/hosts").catch(() => Buffer.from(""))).toString(), pod.spec.hostAliases)
      : hostsFile(podIPs, short, domain, pod.spec.hostAliases);
    await disk.writeFile(hostsPath(paths, uid), content, 0o644);
    mounts.push({ containerPath: "/etc/hosts", hostPath: hostsPath(paths, uid), readonly: false });
  }
  const messagePath = container.terminationMessagePath ?? "/dev/termination-log";
  if (messagePath) {
    const folder = containerFolder(paths, uid, container.name);
    await disk.makeFolder(folder, 0o750);
    const file = join(folder, randomBytes(4).toString("hex"));
    await disk.writeFile(file, "", 0o666);
    mounts.push({ containerPath: messagePath, hostPath: file, readonly: false });
  }
  return mounts;
}

/** When the hook fails the container is ended, and its restart policy decides what follows. */
async function postStart(
  container: Container,
  id: string,
  { pod, podIPs }: StartPlace,
  tools: PodTools,
): Promise<void> {
  const hook = container.lifecycle?.postStart;
  if (!hook) return;
  const target = { container, containerId: id, podIP: podIPs[0] ?? "", timeoutMs: 24 * 3_600_000 };
  try {
    await runHook(hook, target, tools);
  } catch (error) {
    const about = fieldPathOf(pod, container.name);
    tools.log.info("a postStart hook failed", { pod: pod.metadata.name, container: container.name, error });
    tools.events.event(about, "Warning", "FailedPostStartHook", "PostStartHook failed");
    tools.events.event(about, "Normal", "Killing", "FailedPostStartHook");
    await tools.runtime.stopContainer(id, pod.spec.terminationGracePeriodSeconds ?? 30);
    throw new StartFailure("PostStartHookError", "PostStartHook failed");
  }
}
