/**
 * All pods of the cluster, of which there may be thousands: what the server finds at once comes first, all of them page by page after that,
 * then their changes.
 */
import { useMemo } from "preact/hooks";
import { PODS } from "../../kind-names.ts";
import { podBrief } from "../../reckoning/pod-brief.ts";
import { countSoFar, countWhole, type PodCount, type PodGlance } from "../../reckoning/pod-count.ts";
import { countAt } from "../../server/count.ts";
import { type Followed, PAGE } from "../../server/follow.ts";
import { asBriefs } from "../../server/forms.ts";
import { pathOf } from "../../server/kinds.ts";
import { queryText, type Server } from "../../server/server.ts";
import { useCluster, useFollowed, useLoaded } from "../hooks.ts";

const asPods = asBriefs(podBrief);

/** Undefined before anything is known. */
export function usePods(): { readonly pods: Followed<unknown>; readonly count: PodCount | undefined } {
  const { server } = useCluster();
  const { value: glance, failure } = useLoaded("pods", (signal) => podGlance(server, signal));
  // Not before, so that nobody waits behind all pods for what is told at once.
  const pods = useFollowed(glance || failure ? { path: pathOf(PODS) } : undefined, asPods);
  const count = useMemo(() => {
    if (pods.phase !== "loading") return countWhole(pods.items);
    return glance || pods.items.length > 0 ? countSoFar(pods.items, glance) : undefined;
  }, [pods, glance]);
  return { pods, count };
}

async function podGlance(server: Server, signal: AbortSignal): Promise<PodGlance> {
  const path = pathOf(PODS);
  const query = queryText({ fieldSelector: "status.phase!=Running,status.phase!=Succeeded", limit: PAGE });
  const [all, unwell] = await Promise.all([
    countAt(server, path, signal),
    server.json<unknown>(`${path}${query}`, { accept: asPods.accept, signal }),
  ]);
  return { all, unwell: asPods.items(unwell).map(([, pod]) => pod) };
}
