/**
 * The logs of all containers in one folder, as links whose names say of which pod and container they are: programs that gather the logs of a node read that.
 * Holds: a container that is removed has lost its link before, so that none is left over.
 */
import { join } from "node:path";
import type { Pod } from "@kubets/api/generated/types/core-v1";
import { containerLogLink, logLinksFolder, logPath, podLogFolder } from "../paths.ts";
import type { PodTools } from "./tools.ts";

/** Where the runtime writes no log there is nothing to link to. */
export async function linkLog(pod: Pod, container: LoggedContainer, attempt: number, tools: PodTools): Promise<void> {
  const { disk, paths, log } = tools;
  const file = join(podLogFolder(paths, pod), logPath(container.name, attempt));
  try {
    if (!(await disk.stat(file))) return;
    await disk.makeFolder(logLinksFolder(paths));
    await disk.link(file, containerLogLink(paths, pod, container));
  } catch (error) {
    log.warn("programs that gather logs do not find that of a container", { pod: pod.metadata.name, file, error });
  }
}

/** From the runtime, and from the folder of links. */
export async function removeContainer(pod: Pod, container: LoggedContainer, tools: PodTools): Promise<void> {
  await tools.disk.remove(containerLogLink(tools.paths, pod, container));
  await tools.runtime.removeContainer(container.id);
}

interface LoggedContainer {
  readonly id: string;
  readonly name: string;
}
