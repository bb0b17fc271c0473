/**
 * Keeps an Endpoints object for each service with a selector.
 * Owns: those objects. Watches: services, pods, Endpoints.
 * Holds: what did not change is not written; objects that people made for services without selectors are left alone.
 */
import { endpoints, services } from "@kubets/api/generated/refs";
import type { Endpoints, Pod, Service } from "@kubets/api/generated/types/core-v1";
import { type Controller, type ControllerContext, on } from "@kubets/client";
import { isReason, semanticEqual } from "@kubets/machinery";
import { inShortStretches } from "@kubets/machinery/short-stretches";
import { isNamespaceTerminating, unlessGone } from "../error-text.ts";
import { gathered } from "../gathered.ts";
import { requestKey } from "../keys.ts";
import { PodMemo } from "../services/pod-memo.ts";
import { isLeftAlone, onSelectedPods, podsOf, serviceLabels } from "../services/service-pods.ts";
import { type Found, planSubsets } from "./plan.ts";

const OVER_CAPACITY = "endpoints.kubernetes.io/over-capacity";
const MANAGED_BY = "endpoints.kubernetes.io/managed-by";
const LEADER = "control-plane.alpha.kubernetes.io/leader";
/** Controllers change these only on purpose. */
const KEPT = [LEADER, "endpoints.kubernetes.io/last-change-trigger-time"];

interface EndpointsOptions {
  /** --endpoint-updates-batch-period */
  readonly endpointBatchMs: number;
}

type Made = PodMemo<{ readonly found: Found | undefined }>;

export const endpointsController = ({ endpointBatchMs }: EndpointsOptions, made: Made = new PodMemo()): Controller => ({
  name: "endpoint",
  watches: [on(services), gathered(onSelectedPods(), endpointBatchMs), on(endpoints)],
  async reconcile(key, context) {
    const { cache, client } = context;
    const service = cache.get(services, key);
    const found = cache.get(endpoints, key);
    if (!service) {
      made.forget(key);
      // What no service stands behind goes, but a lock of leader election, or what someone made by hand, does not.
      if (found && found.metadata.labels?.[MANAGED_BY] === "endpoint-controller")
        await unlessGone(client.delete(endpoints, requestKey(key)));
      return;
    }
    if (!isLeftAlone(service)) await keep(service, podsOf(cache, service), found, made.of(key, service), context);
  },
});

async function keep(
  service: Service,
  selected: readonly Pod[],
  found: Endpoints | undefined,
  made: ReturnType<Made["of"]>,
  { client, events }: ControllerContext,
): Promise<void> {
  const { subsets, truncated } = await inShortStretches(planSubsets(service, selected, made));
  const labels = { ...serviceLabels(service), [MANAGED_BY]: "endpoint-controller" };
  const annotations = annotationsOf(found, truncated);
  if (found && same(found, subsets, labels, annotations)) return;
  const { namespace, name } = service.metadata;
  try {
    if (found)
      await client.update(endpoints, { ...found, metadata: { ...found.metadata, labels, annotations }, subsets });
    else await client.create(endpoints, { metadata: { namespace, name, labels, annotations }, subsets });
  } catch (error) {
    if (isNamespaceTerminating(error) || (!found && isReason(error, "AlreadyExists"))) return;
    const verb = found ? "update" : "create";
    events.event(
      service,
      "Warning",
      `FailedTo${found ? "Update" : "Create"}Endpoint`,
      `Failed to ${verb} endpoint ${namespace}/${name}: ${(error as Error).message}`,
    );
    throw error;
  }
}

const same = (found: Endpoints, subsets: Endpoints["subsets"], labels: object, annotations: object): boolean =>
  semanticEqual(found.subsets, subsets) &&
  semanticEqual(found.metadata.labels, labels) &&
  semanticEqual(found.metadata.annotations, annotations);

function annotationsOf(found: Endpoints | undefined, truncated: boolean): Record<string, string> {
  const annotations: Record<string, string> = {};
  for (const name of KEPT) {
    const value = found?.metadata.annotations?.[name];
    if (value !== undefined) annotations[name] = value;
  }
  if (truncated) annotations[OVER_CAPACITY] = "truncated";
  return annotations;
}
