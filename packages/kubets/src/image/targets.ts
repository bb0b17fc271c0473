/** The containerd of each node of a running cluster. */
import { ExitError, exitCode } from "@kubets/machinery/exit-codes";
import { clusterPlace, findPrograms, type ImageTarget, machineCapabilities, nodePlace } from "@kubets/sandbox";
import { clusterHome } from "../cluster/home.ts";
import { readRunning } from "../up/running.ts";

export async function imageTargets(cluster: string): Promise<(ImageTarget & { readonly node: string })[]> {
  const home = clusterHome(cluster);
  const running = readRunning(home);
  if (!running)
    throw new ExitError(exitCode.failure, `the cluster ${cluster} does not run; start it with \`kubets up\` first`);
  if (running.simulated)
    throw new ExitError(exitCode.failure, `the nodes of ${cluster} are simulated: they take every image by its name`);
  const { ctr } = (await findPrograms()).paths;
  if (!ctr)
    throw new ExitError(exitCode.precondition, "the program ctr is missing; Debian's package containerd brings it");
  const { overlay } = await machineCapabilities(home.folder);
  const place = clusterPlace(home.name, home.folder);
  return running.nodes.map((node) => ({
    node,
    socket: nodePlace(place, node).socket,
    snapshotter: overlay ? "overlayfs" : "native",
    ctr,
  }));
}
