/**
 * Notices nodes that fall silent, says so in their conditions, and taints them: at once to keep new pods away, and at a rate that depends on
 * how much of their zone is still there to drive pods off. When no node at all is ready, it is more likely the fault of whoever
 * looks: then nobody is driven off.
 * Owns: taints and the conditions of silent nodes. Watches: nodes, their leases, pods.
 */
import { leases, nodes, pods } from "@kubets/api/generated/refs";
import type { Node, Taint } from "@kubets/api/generated/types/core-v1";
import { podCondition } from "@kubets/api/pod/state";
import { type Controller, type ControllerContext, onRelated, type Requeue, reads } from "@kubets/client";
import { formatTime } from "@kubets/machinery";
import { TokenBucket } from "@kubets/machinery/token-bucket";
import { unlessGone } from "../error-text.ts";
import { keyIn } from "../keys.ts";
import type { ControllerOptions } from "../options.ts";
import { podsOnNode } from "../pods/by-node.ts";
import { Heartbeats } from "./heartbeats.ts";
import {
  evictionRate,
  NOT_READY,
  noExecuteTaints,
  noScheduleTaints,
  readyOf,
  silentConditions,
  UNREACHABLE,
  type ZoneState,
  zoneOf,
  zoneState,
} from "./plan.ts";

/** The key of the regular look at all nodes; no node has such a name. */
const MONITOR = "*";

type Options = Pick<
  ControllerOptions,
  | "nodeMonitorPeriodMs"
  | "nodeMonitorGracePeriodMs"
  | "nodeStartupGracePeriodMs"
  | "nodeEvictionRate"
  | "secondaryNodeEvictionRate"
  | "unhealthyZoneThreshold"
  | "largeClusterSizeThreshold"
>;

interface Zone {
  state: ZoneState;
  rate: number;
  bucket: TokenBucket;
}

export function nodeLifecycle(options: Options): Controller {
  const heartbeats = new Heartbeats();
  const zones = new Map<string, Zone>();
  const known = new Set<string>();
  /** Nodes whose turn has come, until they bear the taint: a write that fails costs no other turn. */
  const chosen = new Set<string>();
  let allDown = false;

  async function monitor(context: ControllerContext): Promise<Requeue> {
    const { cache } = context;
    const all = cache.list(nodes);
    announce(all, context);
    const seen = await inTurns(all, (node) => judge(node, context));
    const down = updateZones(seen, context);
    if (down) await inTurns(seen, (node) => taint(node, undefined, context));
    else {
      if (allDown) heartbeats.resetAll(context.clock.monotonic());
      await inTurns(seen, (node) => driveOff(node, context));
    }
    allDown = down;
    return { requeueAfterMs: options.nodeMonitorPeriodMs };
  }

  function announce(all: readonly Node[], { events }: ControllerContext): void {
    const names = new Set(all.map(({ metadata }) => metadata.name));
    for (const node of all) {
      const { name } = node.metadata;
      if (known.has(name)) continue;
      known.add(name);
      tell(events, node, "RegisteredNode", `Node ${name} event: Registered Node ${name} in Controller`);
    }
    for (const name of known) {
      if (names.has(name)) continue;
      known.delete(name);
      chosen.delete(name);
      tell(
        events,
        { metadata: { name, uid: name } },
        "RemovingNode",
        `Node ${name} event: Removing Node ${name} from Controller`,
      );
    }
    heartbeats.keepOnly(names);
  }

  /** The node as it is after this look; a silent one has been marked. */
  async function judge(node: Node, context: ControllerContext): Promise<Node> {
    const { cache, client, clock, events } = context;
    const lease = cache.get(leases, `kube-node-lease/${node.metadata.name}`);
    const ready = readyOf(node);
    const silent = heartbeats.silentFor(node, lease, clock.monotonic());
    const grace = ready ? options.nodeMonitorGracePeriodMs : options.nodeStartupGracePeriodMs;
    let current = node;
    if (silent > grace && ready?.status !== "Unknown") {
      const status = { ...node.status, conditions: silentConditions(node, clock.now()) };
      current = await client.update(nodes, { ...node, status }, { subresource: "status" });
      if (ready?.status === "True")
        tell(events, node, "NodeNotReady", `Node ${node.metadata.name} status is now: NodeNotReady`);
    }
    if (readyOf(current) && readyOf(current)?.status !== "True") await markPodsNotReady(current, context);
    return current;
  }

  /** True when every zone is down. */
  function updateZones(all: readonly Node[], { clock }: ControllerContext): boolean {
    const groups = Map.groupBy(all, zoneOf);
    for (const name of zones.keys()) if (!groups.has(name)) zones.delete(name);
    let allAreDown = all.length > 0;
    for (const [name, members] of groups) {
      const ready = members.filter((node) => readyOf(node)?.status === "True").length;
      const notReady = members.filter((node) => readyOf(node)).length - ready;
      const state = zoneState(ready, notReady, options.unhealthyZoneThreshold);
      const rate = evictionRate(state, members.length, options);
      const zone = zones.get(name);
      if (!zone || zone.rate !== rate)
        zones.set(name, { state, rate, bucket: new TokenBucket(clock, { rate, burst: rate > 0 ? 1 : 0 }) });
      else zone.state = state;
      if (state !== "FullDisruption") allAreDown = false;
    }
    return allAreDown;
  }

  async function driveOff(node: Node, context: ControllerContext): Promise<void> {
    const status = readyOf(node)?.status;
    const { name } = node.metadata;
    if (!status || status === "True") {
      chosen.delete(name);
      return taint(node, undefined, context);
    }
    const key = status === "Unknown" ? UNREACHABLE : NOT_READY;
    const other = key === UNREACHABLE ? NOT_READY : UNREACHABLE;
    const has = (taint: string) =>
      (node.spec.taints ?? []).some((each) => each.key === taint && each.effect === "NoExecute");
    // One that is tainted already only changes its taint; a new one waits for its turn.
    if (!has(key) && !has(other) && !chosen.has(name) && !zones.get(zoneOf(node))?.bucket.tryTake()) return;
    chosen.add(name);
    await taint(node, key, context);
    chosen.delete(name);
  }

  async function taint(
    node: Node,
    key: typeof NOT_READY | typeof UNREACHABLE | undefined,
    { client, clock }: ControllerContext,
  ): Promise<void> {
    const taints = noExecuteTaints(node, key, clock.now());
    if (taints) await setTaints(client, node, taints);
  }

  return {
    name: "node-lifecycle",
    workers: 8,
    watches: [
      // What a node says of itself shows in its taints at once.
      onRelated(nodes, ({ metadata }) => [metadata.name]),
      reads(leases),
      reads(pods),
    ],
    start: ({ enqueue }) => enqueue(MONITOR),
    async reconcile(key, context) {
      if (key === MONITOR) return monitor(context);
      const node = context.cache.get(nodes, key);
      const taints = node && noScheduleTaints(node, context.clock.now());
      if (node && taints) await setTaints(context.client, node, taints);
      return undefined;
    },
  };
}

/** Of so many nodes others get their turn between. */
const TURN = 250;

/** Tries all, and throws the first error then. */
async function inTurns<T>(all: readonly Node[], act: (node: Node) => Promise<T>): Promise<T[]> {
  const results: PromiseSettledResult<T>[] = [];
  for (let from = 0; from < all.length; from += TURN) {
    if (from > 0) await new Promise(setImmediate);
    results.push(...(await Promise.allSettled(all.slice(from, from + TURN).map(act))));
  }
  return results.map((result) => {
    if (result.status === "rejected") throw result.reason;
    return result.value;
  });
}

const tell = (
  events: ControllerContext["events"],
  { metadata: { name } }: Pick<Node, "metadata"> | { metadata: { name: string; uid: string } },
  reason: string,
  message: string,
): void =>
  // Kubelets name their node as its uid in events, and so does this.
  events.as("node-controller").event({ kind: "Node", apiVersion: "v1", name, uid: name }, "Normal", reason, message);

/** Names the version that was judged, so that nobody else's taint is lost. */
async function setTaints(client: ControllerContext["client"], node: Node, taints: readonly Taint[]): Promise<void> {
  const { resourceVersion, uid } = node.metadata;
  const body = { metadata: { uid, resourceVersion }, spec: { taints: taints.length ? taints : null } };
  await unlessGone(client.patch(nodes, keyIn(node), { type: "merge", body }));
}

/** Nobody else will say it of the pods of a node that is silent. */
async function markPodsNotReady(node: Node, { cache, client, clock, events }: ControllerContext): Promise<void> {
  for (const pod of podsOnNode(cache, node.metadata.name)) {
    if (podCondition(pod.status, "Ready")?.status !== "True") continue;
    const condition = { type: "Ready", status: "False", lastTransitionTime: formatTime(clock.now()) };
    const body = { metadata: { uid: pod.metadata.uid }, status: { conditions: [condition] } };
    if (await unlessGone(client.patch(pods, keyIn(pod), { type: "strategic", body }, { subresource: "status" })))
      events.as("node-controller").event(pod, "Warning", "NodeNotReady", "Node is not ready");
  }
}
