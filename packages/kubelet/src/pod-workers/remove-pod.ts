/** What goes when a pod has ended, and what when it is to be nowhere any more: on the node first, in the API last. */
import { pods } from "@kubets/api/generated/refs";
import type { Pod } from "@kubets/api/generated/types/core-v1";
import { isReason } from "@kubets/machinery";
import { podLogFolder } from "../paths.ts";
import { removeContainer } from "./log-links.ts";
import type { PodTools } from "./tools.ts";

/** Everything but what its logs need. */
export async function cleanUp(pod: Pod, tools: PodTools): Promise<void> {
  const { volumes, cgroups, images, userNamespaces, resources, dynamicResources } = tools;
  const { uid } = pod.metadata;
  images.forget(uid);
  await volumes.tearDown(uid);
  userNamespaces.release(uid);
  await resources.release(uid);
  await dynamicResources.release(uid);
  await cgroups.remove(pod);
}

/** After its last status was written. */
export async function removeFromNode(pod: Pod, tools: PodTools): Promise<void> {
  const { runtime, cache, disk, paths, statuses, cgroups } = tools;
  const { uid } = pod.metadata;
  await statuses.flushed(uid);
  const left = await cache.refresh(uid);
  for (const container of left.containers) await removeContainer(pod, container, tools);
  for (const { id } of left.sandboxes) await runtime.removeSandbox(id);
  await cache.refresh(uid);
  await cgroups.remove(pod);
  await disk.remove(podLogFolder(paths, pod));
}

/** `target` is who stands for the pod in the API, and only what is to be deleted goes. */
export async function removeObject(target: Pod | undefined, { client }: PodTools): Promise<void> {
  if (!target?.metadata.deletionTimestamp) return;
  const { namespace, name, uid } = target.metadata;
  try {
    await client.delete(pods, { namespace, name }, { gracePeriodSeconds: 0, preconditions: { uid } });
  } catch (error) {
    if (!isReason(error, "NotFound") && !isReason(error, "Conflict")) throw error;
  }
}
