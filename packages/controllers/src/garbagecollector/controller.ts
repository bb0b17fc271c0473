/**
 * Deletes what has no owner left, deletes dependents before owners that wait for them, and cuts loose the dependents of owners that leave
 * orphans. Keys are uids. Watches: every kind that can be deleted.
 * Holds: an owner counts as gone only if it was seen to go or the server says so; a delete names the uid and version that was judged,
 * so an object that changed meanwhile is judged anew.
 */
import type { OwnerReference } from "@kubets/api/generated/types/meta-v1";
import type { Controller, ControllerContext } from "@kubets/client";
import { isReason } from "@kubets/machinery";
import { unlessGone } from "../error-text.ts";
import {
  blocks,
  deletesDependents,
  FOREGROUND,
  Graph,
  type GraphNode,
  isNamed,
  ORPHAN,
  orphansDependents,
} from "./graph.ts";
import { ObservedResources } from "./observed-resources.ts";
import { fateOf, type OwnerState } from "./plan.ts";

const WORKERS = 20;

export function garbageCollector(): Controller {
  const graph = new Graph();
  let observed: ObservedResources;

  async function reconcile(uid: string, context: ControllerContext): Promise<void> {
    const node = graph.get(uid);
    if (!node) return;
    if (orphansDependents(node)) return orphan(node, context);
    if (deletesDependents(node)) return waitForDependents(node, context);
    if (!node.going && node.owners.length > 0) await judge(node, context);
  }

  async function judge(node: GraphNode, context: ControllerContext): Promise<void> {
    const owners = await Promise.all(
      node.owners.map(async (reference) => ({ reference, state: await stateOf(reference, node, context) })),
    );
    const fate = fateOf(node, owners, graph.dependentsOf(node.uid));
    if (fate.kind === "unlink") await patch(node, { ownerReferences: without(node, fate.uids) }, context);
    if (fate.kind !== "delete") return;
    if (fate.unblock) {
      await patch(
        node,
        { ownerReferences: node.owners.map((owner) => ({ ...owner, blockOwnerDeletion: false })) },
        context,
      );
      await remove(node, fate.policy, context, false);
    } else await remove(node, fate.policy, context, true);
  }

  async function stateOf(
    reference: OwnerReference,
    node: GraphNode,
    { client, events }: ControllerContext,
  ): Promise<OwnerState> {
    const { uid, apiVersion, kind, name } = reference;
    if (graph.isGone(uid)) return "dangling";
    const owner = graph.get(uid);
    if (owner && isNamed(owner, reference, node.namespace)) return deletesDependents(owner) ? "waiting" : "solid";
    const ref = observed.refOf(apiVersion, kind);
    if (!ref)
      throw new Error(
        `the owner ${kind} ${name} of ${node.ref.resource} ${node.name} is of a kind that ${apiVersion} does not serve`,
      );
    // Something of a namespace cannot own what has none.
    if (ref.namespaced && !node.namespace) return "solid";
    const found = await client
      .get(ref, ref.namespaced ? { namespace: node.namespace, name } : { name })
      .catch((error: unknown) => {
        if (isReason(error, "NotFound")) return undefined;
        throw error;
      });
    if (found?.metadata.uid === uid)
      return found.metadata.deletionTimestamp && found.metadata.finalizers?.includes(FOREGROUND) ? "waiting" : "solid";
    if (owner) {
      const message = `ownerRef [${apiVersion}/${kind}, namespace: ${node.namespace}, name: ${name}, uid: ${uid}] does not exist in namespace "${node.namespace}"`;
      events
        .as("garbage-collector-controller")
        .event(coordinates(node), "Warning", "OwnerRefInvalidNamespace", message);
    }
    return "dangling";
  }

  async function waitForDependents(node: GraphNode, context: ControllerContext): Promise<void> {
    const blocking = graph.dependentsOf(node.uid).filter((dependent) => blocks(dependent, node.uid));
    if (blocking.length === 0)
      return patch(node, { finalizers: node.finalizers.filter((each) => each !== FOREGROUND) }, context);
    for (const dependent of blocking) if (!deletesDependents(dependent)) context.enqueue(dependent.uid);
  }

  async function orphan(node: GraphNode, context: ControllerContext): Promise<void> {
    for (const dependent of graph.dependentsOf(node.uid))
      await patch(dependent, { ownerReferences: without(dependent, [node.uid]) }, context);
    await patch(node, { finalizers: node.finalizers.filter((each) => each !== ORPHAN) }, context);
  }

  return {
    name: "garbage-collector",
    workers: WORKERS,
    watches: [],
    start(context) {
      observed = new ObservedResources(context, graph);
    },
    reconcile,
    stop() {
      observed.stop();
    },
  };
}

const without = ({ owners }: GraphNode, uids: readonly string[]) => owners.filter(({ uid }) => !uids.includes(uid));
const keyOf = ({ namespace, name }: GraphNode) => (namespace ? { namespace, name } : { name });
const coordinates = ({ ref, namespace, name, uid }: GraphNode) => ({
  kind: ref.kind,
  apiVersion: ref.group ? `${ref.group}/${ref.version}` : ref.version,
  namespace,
  name,
  uid,
});

/** Of the version that was judged; a conflict brings it back to be judged anew. */
async function patch(node: GraphNode, metadata: object, { client }: ControllerContext): Promise<void> {
  const body = { metadata: { uid: node.uid, resourceVersion: node.resourceVersion, ...metadata } };
  await unlessGone(client.patch(node.ref, keyOf(node), { type: "merge", body }));
}

async function remove(
  node: GraphNode,
  propagationPolicy: "Background" | "Foreground" | "Orphan",
  { client }: ControllerContext,
  exactly: boolean,
): Promise<void> {
  const preconditions = { uid: node.uid, ...(exactly && { resourceVersion: node.resourceVersion }) };
  await unlessGone(client.delete(node.ref, keyOf(node), { propagationPolicy, preconditions }));
}
