/** A running container, written by the runtime into an archive of the node: `POST /checkpoint/NAMESPACE/POD/CONTAINER`. */
import { join } from "node:path";
import { formatTime } from "@kubets/machinery/time";
import type { Kubelet } from "../kubelet.ts";

interface CheckpointWish {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  readonly containerId: string;
  /** 0 for the runtime's own limit. */
  readonly timeoutSeconds: number;
}

/** Gives the path of the archive. */
export async function checkpoint({ tools }: Kubelet, wish: CheckpointWish): Promise<string> {
  const { namespace, pod, container, containerId, timeoutSeconds } = wish;
  const folder = join(tools.paths.root, "checkpoints");
  await tools.disk.makeFolder(folder, 0o700);
  const path = join(folder, `checkpoint-${pod}_${namespace}-${container}-${formatTime(tools.clock.now())}.tar`);
  try {
    await tools.runtime.checkpointContainer(containerId, path, timeoutSeconds);
  } catch (error) {
    throw new Error(`checkpointing of ${namespace}/${pod}/${container} failed (${(error as Error).message})`, {
      cause: error,
    });
  }
  return path;
}
