/**
 * Deletes what is in a namespace, of every kind that the server serves, and tells what is left.
 * Holds: pods go first, and everything else only when they have gone, as they may need it to end well.
 */
import { pods } from "@kubets/api/generated/refs";
import type { Pod } from "@kubets/api/generated/types/core-v1";
import type { KubeObject } from "@kubets/api/meta";
import { groupVersion, type ResourceRef } from "@kubets/api/resource-ref";
import type { Client } from "@kubets/client";
import { isReason, StatusError } from "@kubets/machinery";
import { type Discovered, type DiscoveredResource } from "../discovered-resources.ts";
import { errorText } from "../error-text.ts";
import type { Progress } from "./status.ts";

export interface Outcome extends Progress {
  /** When it is worth looking again, if something is left. */
  readonly estimateSeconds: number;
}

/** How long finalizers are expected to take. */
const FINALIZER_SECONDS = 15;
const PAGE = 500;

interface Left {
  count: number;
  estimateSeconds: number;
  finalizers: Map<string, number>;
}

export async function deleteContent(
  client: Client,
  namespace: string,
  { resources, failures }: Discovered,
): Promise<Outcome> {
  const discoveryFailures = [...failures].map(
    ([group, why]) => `unable to retrieve the complete list of server APIs: ${group}: ${why}`,
  );
  const deletionFailures: string[] = [];
  const left = new Map<ResourceRef, Left>();
  const remove = async (resource: DiscoveredResource) => {
    try {
      const found = await deleteAll(client, namespace, resource);
      if (found.count > 0) left.set(resource.ref, found);
    } catch (error) {
      // A kind that is no longer served has nothing left.
      if (!(error instanceof StatusError && (error.code === 404 || error.code === 405)))
        deletionFailures.push(errorText(error));
    }
  };
  const deletable = resources.filter(({ ref, verbs }) => ref.namespaced && verbs.includes("delete"));
  const isPods = ({ ref }: DiscoveredResource) => ref.resource === pods.resource && ref.group === pods.group;
  await Promise.all(deletable.filter(isPods).map(remove));
  if (left.size === 0) await Promise.all(deletable.filter((resource) => !isPods(resource)).map(remove));
  return { discoveryFailures, deletionFailures, ...totals(left) };
}

function totals(left: ReadonlyMap<ResourceRef, Left>) {
  const remaining = new Map<string, number>();
  const finalizers = new Map<string, number>();
  let estimateSeconds = 0;
  for (const [ref, found] of left) {
    remaining.set(`${ref.resource}.${ref.group}`, found.count);
    for (const [name, count] of found.finalizers) finalizers.set(name, (finalizers.get(name) ?? 0) + count);
    estimateSeconds = Math.max(estimateSeconds, found.estimateSeconds);
  }
  return { remaining, finalizers, estimateSeconds };
}

async function deleteAll(client: Client, namespace: string, { ref, verbs }: DiscoveredResource): Promise<Left> {
  const listable = verbs.includes("list");
  const before = listable ? await client.list(ref, { namespace, limit: PAGE }) : undefined;
  if (before?.items.length === 0) return { count: 0, estimateSeconds: 0, finalizers: new Map() };
  if (verbs.includes("deletecollection"))
    await client.deleteCollection(ref, { namespace, propagationPolicy: "Background" });
  else await deleteEach(client, namespace, ref, before?.items ?? []);
  const after = listable ? await client.list(ref, { namespace, limit: PAGE }) : undefined;
  return whatIsLeft(ref, after?.items ?? [], after?.metadata.remainingItemCount ?? 0);
}

async function deleteEach(
  client: Client,
  namespace: string,
  ref: ResourceRef,
  items: readonly KubeObject[],
): Promise<void> {
  for (const { metadata } of items) {
    try {
      await client.delete(ref, { namespace, name: metadata.name }, { propagationPolicy: "Background" });
    } catch (error) {
      if (!isReason(error, "NotFound")) throw error;
    }
  }
}

function whatIsLeft(ref: ResourceRef, items: readonly KubeObject[], more: number): Left {
  const finalizers = new Map<string, number>();
  for (const { metadata } of items)
    for (const name of metadata.finalizers ?? []) finalizers.set(name, (finalizers.get(name) ?? 0) + 1);
  const grace = ref.resource === "pods" && groupVersion(ref) === "v1" ? longestGrace(items as readonly Pod[]) : 0;
  const estimateSeconds = grace || (finalizers.size > 0 ? FINALIZER_SECONDS : 0);
  return { count: items.length + more, estimateSeconds, finalizers };
}

const longestGrace = (items: readonly Pod[]): number =>
  Math.max(
    0,
    ...items
      .filter(({ status }) => status.phase !== "Succeeded" && status.phase !== "Failed")
      .map(({ metadata, spec }) =>
        Number(metadata.deletionGracePeriodSeconds ?? spec.terminationGracePeriodSeconds ?? 0),
      ),
  );
