/**
 * The cluster at a glance: nodes, what there is of everything, and all that somebody should look at. What the user may not see is left out.
 * Holds: of pods, of which there may be thousands, all are read but little is kept (see `PodBrief`), and no more than some rows are shown; nothing
 * waits until all of them are read.
 */
import { type ComponentChild, h } from "preact";
import { NODES } from "../kind-names.ts";
import { useCluster, useFollowed, useLoaded } from "../parts/hooks.ts";
import { Stale } from "../parts/messages.ts";
import { Capacity } from "../parts/overview/capacity.ts";
import { Claims } from "../parts/overview/claims.ts";
import { NodesTile } from "../parts/overview/nodes.ts";
import { PodsTile, TroubledPods } from "../parts/overview/pods.ts";
import { usePods } from "../parts/overview/pods-followed.ts";
import { Warnings } from "../parts/overview/warnings.ts";
import { Workloads } from "../parts/overview/workloads.ts";
import { unseen } from "../parts/unseen.ts";
import { nodeBrief } from "../reckoning/node-state.ts";
import { asBriefs } from "../server/forms.ts";
import { pathOf } from "../server/kinds.ts";

const asNodes = asBriefs(nodeBrief);

export function OverviewPage(): ComponentChild {
  const { server } = useCluster();
  const version = useLoaded("version", (signal) =>
    server.json<{ readonly gitVersion: string }>("/version", { signal }),
  );
  const nodes = useFollowed({ path: pathOf(NODES) }, asNodes);
  const { pods, count } = usePods();
  const noNodes = unseen(nodes, "nodes");
  const noPods = (!count || count.isWhole) && unseen(pods, "pods");
  const stale = [nodes, pods].find(({ phase, items }) => phase === "waiting" && items.length > 0);
  return h(
    "article",
    { class: "overview" },
    h("header", { class: "bar" }, h("h1", null, "Overview", h("small", null, ` ${version.value?.gitVersion ?? ""}`))),
    stale && h(Stale, { failure: stale.failure }),
    h(
      "div",
      { class: "panels" },
      h(
        "div",
        { class: "tiles" },
        noNodes || h(NodesTile, { nodes: nodes.items }),
        noPods || (count && h(PodsTile, { count })),
        !noNodes && h(Capacity, { nodes: nodes.items, pods: noPods ? undefined : count }),
      ),
      count && h(TroubledPods, { count }),
      h(Workloads, null),
      h(Claims, null),
      h(Warnings, null),
    ),
  );
}
