/**
 * Carries out the steps of a plan that make something: volumes, sandbox, containers, one after the other in their order. It runs beside the
 * worker and ends early when the pod is to end; a container that cannot start does not hold up those after it.
 */
import type { Pod } from "@kubets/api/generated/types/core-v1";
import { dnsWarnings, podDns } from "../container-config/dns.ts";
import { hostName } from "../container-config/hostname.ts";
import { IMAGE_MOUNT_FAILED } from "../container-config/mounts.ts";
import { sandboxConfig } from "../container-config/sandbox-config.ts";
import { ImageError } from "../images/image-puller.ts";
import { containerTypeOf } from "../metrics/kubelet-metrics.ts";
import { podFolder, podLogFolder } from "../paths.ts";
import type { SandboxConfig } from "../runtime/runtime.ts";
import { VolumeError } from "../volumes/volume.ts";
import type { VolumeMap } from "../volumes/volumes.ts";
import { removeContainer } from "./log-links.ts";
import type { PodPlan, Waiting } from "./plan.ts";
import { mountedOf, type VolumeImages, volumeImages } from "./pod-images.ts";
import { isRunning, type MadeContainer, type PodRuntimeState } from "./runtime-state.ts";
import { StartFailure, startContainer } from "./start-container.ts";
import type { PodTools } from "./tools.ts";

interface BringUp {
  readonly pod: Pod;
  readonly plan: PodPlan;
  readonly runtime: PodRuntimeState;
  readonly tools: PodTools;
  readonly signal: AbortSignal;
  /** Its volumes, when they have been brought up to date just now. */
  readonly volumes?: VolumeMap | undefined;
  /** Told of the images that volumes show. */
  shown(images: VolumeImages): void;
  /** Told of each container, with what went wrong. */
  started(container: string, failure: Waiting | undefined): void;
}

export interface BringUpResult {
  readonly volumes?: VolumeMap;
  readonly failed: boolean;
}

export async function bringUp(work: BringUp): Promise<BringUpResult> {
  const { pod, tools, plan, signal } = work;
  let volumes: VolumeMap | undefined;
  try {
    [volumes] = await Promise.all([work.volumes ?? mountVolumes(work), plan.sandbox !== undefined && makePlaces(work)]);
    await prepareClaims(work);
    signal.throwIfAborted();
    if (plan.sandbox !== undefined) {
      await makeSandbox(work, plan.sandbox);
      return { volumes, failed: false };
    }
    return { volumes, failed: await startContainers(work, volumes) };
  } catch (error) {
    if (!signal.aborted)
      tools.log.info("a pod could not be started", {
        pod: pod.metadata.name,
        namespace: pod.metadata.namespace,
        error,
      });
    return { ...(volumes && { volumes }), failed: !signal.aborted };
  }
}

async function mountVolumes({ pod, runtime, tools }: BringUp): Promise<VolumeMap> {
  const { node, volumes, events, disk, paths } = tools;
  await disk.makeFolder(podFolder(paths, pod.metadata.uid), 0o750);
  const podIPs = pod.spec.hostNetwork ? node.hostIPs() : (runtime.sandboxes[0]?.ips ?? []);
  try {
    return await volumes.setUp(pod, {
      addresses: { hostIPs: node.hostIPs(), podIPs },
      allocatable: node.allocatable(),
    });
  } catch (error) {
    if (error instanceof VolumeError) events.event(pod, "Warning", "FailedMount", error.message);
    throw error;
  }
}

/** What the sandbox will lie in. */
const makePlaces = ({ pod, tools: { cgroups, resources, disk, paths } }: BringUp) =>
  Promise.all([
    cgroups.ensure(pod, resources.hasCpusAlone(pod.metadata.uid)),
    disk.makeFolder(podLogFolder(paths, pod)),
  ]);

async function prepareClaims({ pod, tools }: BringUp): Promise<void> {
  try {
    await tools.dynamicResources.prepare(pod);
  } catch (error) {
    const message = `Failed to prepare dynamic resources: ${(error as Error).message}`;
    tools.events.event(pod, "Warning", "FailedPrepareDynamicResources", message);
    throw error;
  }
}

async function makeSandbox({ pod, runtime, tools, signal }: BringUp, attempt: number): Promise<void> {
  const { events, node, cache } = tools;
  if (!node.networkReady() && !pod.spec.hostNetwork) {
    const message = "network is not ready: container runtime network not ready: NetworkReady=false";
    events.event(pod, "Warning", "NetworkNotReady", message);
    throw new Error(message);
  }
  if (runtime.sandboxes[0]) {
    events.event(pod, "Normal", "SandboxChanged", "Pod sandbox changed, it will be killed and re-created.");
    for (const { id, ready } of runtime.sandboxes) if (ready) await tools.runtime.stopSandbox(id);
  }
  for (const { reason, message } of dnsWarnings(pod, node.dns)) events.event(pod, "Warning", reason, message);
  signal.throwIfAborted();
  let id: string;
  try {
    const handler = pod.spec.runtimeClassName ? await node.runtimeHandler(pod.spec.runtimeClassName) : "";
    const users = await tools.userNamespaces.of(pod);
    if (users && !node.hasUserNamespaces(handler))
      throw new Error(
        `can't set \`spec.hostUsers: false\`, RuntimeClass handler ${JSON.stringify(handler)} does not support user namespaces`,
      );
    id = await tools.runtime.runSandbox(configOf(pod, attempt, tools, users), handler);
  } catch (error) {
    const text = (error as Error).message;
    events.event(
      pod,
      "Warning",
      "FailedCreatePodSandBox",
      `Failed to create pod sandbox: rpc error: code = Unknown desc = ${text}`,
    );
    await cache.refresh(pod.metadata.uid);
    throw error;
  }
  await (runtime.sandboxes[0] ? cache.refresh(pod.metadata.uid) : cache.madeSandbox(pod.metadata.uid, id));
}

type Users = Awaited<ReturnType<PodTools["userNamespaces"]["of"]>>;

function configOf(pod: Pod, attempt: number, { paths, node, cgroups }: PodTools, users: Users): SandboxConfig {
  const { hostname } = hostName(pod, node.dns.clusterDomain);
  const facts = {
    paths,
    hostname,
    dns: podDns(pod, node.dns),
    cgroupParent: cgroups.parentOf(pod),
    security: { ...node.security, ...(users && { users }) },
  };
  return sandboxConfig(pod, attempt, facts);
}

/** Gives whether one of them failed. */
async function startContainers(work: BringUp, volumes: VolumeMap): Promise<boolean> {
  const { pod, plan, tools, signal } = work;
  const { cache, node } = tools;
  const sandbox = cache.get(pod.metadata.uid).sandboxes[0];
  if (!sandbox) return true;
  const users = await tools.userNamespaces.of(pod);
  const config = configOf(pod, sandbox.attempt, tools, users);
  const podIPs = pod.spec.hostNetwork ? node.hostIPs() : sandbox.ips;
  const handler = node.imagesByHandler ? sandbox.handler : "";
  const images = await volumeImages({ pod, sandboxConfig: config, handler, signal }, tools);
  work.shown(images);
  let failed = false;
  for (const step of plan.start) {
    if (signal.aborted) break;
    const targetId = targetOf(pod, step.container.name, cache.get(pod.metadata.uid));
    const place = {
      pod,
      sandbox,
      sandboxConfig: config,
      handler,
      volumes,
      volumeImages: images,
      podIPs,
      round: plan.round,
      signal,
      ...(targetId && { targetId }),
      ...(users && { users }),
    };
    let failure: Waiting | undefined;
    let made: MadeContainer | undefined;
    try {
      made = await startContainer(step, place, tools);
    } catch (error) {
      if (signal.aborted) break;
      failed = true;
      const { message } = error as Error;
      failure = { reason: error instanceof StartFailure ? error.reason : "CreateContainerError", message };
    }
    tools.metrics.containerTried(containerTypeOf(pod, step.container), failure?.reason);
    const shown = [...mountedOf(step.container, images).values()];
    if (!shown.some((image) => image instanceof ImageError))
      tools.metrics.volumeImagesTried(shown.length, failure?.message.includes(IMAGE_MOUNT_FAILED) ?? false);
    await (made ? cache.madeContainer(pod.metadata.uid, made) : cache.refresh(pod.metadata.uid));
    work.started(step.container.name, failure);
    await tidy(pod, step.container.name, tools);
  }
  cache.stir();
  return failed;
}

const targetOf = ({ spec }: Pod, name: string, runtime: PodRuntimeState): string | undefined => {
  const target = spec.ephemeralContainers?.find((container) => container.name === name)?.targetContainerName;
  return target ? runtime.containers.find((record) => record.name === target && isRunning(record))?.id : undefined;
};

/** Of the ended ones the last is kept, for its log; older ones go. */
async function tidy(pod: Pod, name: string, tools: PodTools): Promise<void> {
  const { cache, log, disk } = tools;
  const records = cache.get(pod.metadata.uid).containers.filter((record) => record.name === name);
  for (const record of records.slice(2)) {
    if (record.phase !== "exited") continue;
    try {
      await removeContainer(pod, record, tools);
      if (record.logPath) await disk.remove(record.logPath);
    } catch (error) {
      log.debug("an ended container could not be removed", { id: record.id, error });
    }
  }
}
