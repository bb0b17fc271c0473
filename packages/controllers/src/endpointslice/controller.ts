/**
 * Keeps the EndpointSlices of each service with a selector.
 * Owns: slices that carry its name as managed-by. Watches: services, pods, slices, nodes (for their zones).
 */
import { endpointslices, nodes, services } from "@kubets/api/generated/refs";
import type { Node, Service } from "@kubets/api/generated/types/core-v1";
import type { EndpointSlice } from "@kubets/api/generated/types/discovery-v1";
import {
  type Controller,
  type ControllerContext,
  controllerReference,
  keyOf,
  on,
  onRelated,
  type Requeue,
  splitKey,
} from "@kubets/client";
import { semanticEqual } from "@kubets/machinery";
import { inShortStretches } from "@kubets/machinery/short-stretches";
import { isTrue } from "../conditions.ts";
import { gathered } from "../gathered.ts";
import { namePrefix } from "../pods/pod-from-template.ts";
import { slicesOf, WrittenSlices } from "../services/owned-slices.ts";
import { type NewSlice, planSlices } from "../services/plan-slices.ts";
import { PodMemo } from "../services/pod-memo.ts";
import { isLeftAlone, onSelectedPods, podsOf, serviceLabels } from "../services/service-pods.ts";
import { MANAGED_BY, SERVICE_NAME, SLICE_CONTROLLER } from "../services/slice-labels.ts";
import { writeSlices } from "../services/write-slices.ts";
import { isAuto, type Told, withHints } from "./hints.ts";
import { type MadeEndpoints, wantedSlices } from "./wanted.ts";

const ZONE = "topology.kubernetes.io/zone";

type Made = PodMemo<MadeEndpoints>;

interface EndpointSliceOptions {
  /** --max-endpoints-per-slice */
  readonly maxEndpointsPerSlice: number;
  /** --endpointslice-updates-batch-period */
  readonly endpointSliceBatchMs: number;
}

export function endpointSlices({ maxEndpointsPerSlice, endpointSliceBatchMs }: EndpointSliceOptions): Controller {
  let written: WrittenSlices;
  const made: Made = new PodMemo();
  return {
    name: "endpoint-slice",
    watches: [
      on(services),
      gathered(onSelectedPods(), endpointSliceBatchMs),
      onRelated(endpointslices, ({ metadata: { namespace, labels = {} } }) =>
        labels[MANAGED_BY] === SLICE_CONTROLLER && labels[SERVICE_NAME] ? [`${namespace}/${labels[SERVICE_NAME]}`] : [],
      ),
      // A node that is in another zone than before moves its endpoints there; how much a zone can do counts for hints in proportion.
      onRelated(nodes, (node, old, { cache }) => {
        if (old && node.metadata.labels?.[ZONE] !== old.metadata.labels?.[ZONE]) return cache.list(services).map(keyOf);
        return old && weightOf(node) === weightOf(old) ? [] : cache.list(services).filter(isAuto).map(keyOf);
      }),
    ],
    start(context) {
      written = new WrittenSlices(context);
    },
    reconcile: (key, context) => reconcile(key, context, { written, made }, maxEndpointsPerSlice),
  };
}

const weightOf = ({ status }: Node): string =>
  `${status.allocatable?.cpu} ${isTrue(status.conditions, "Ready") ? "ready" : "not ready"}`;

async function reconcile(
  key: string,
  context: ControllerContext,
  { written, made }: { readonly written: WrittenSlices; readonly made: Made },
  capacity: number,
): Promise<Requeue | void> {
  const { cache, client, events } = context;
  const { namespace, name } = splitKey(key);
  const service = cache.get(services, key);
  const slices = slicesOf(cache, SLICE_CONTROLLER, namespace, name);
  if (!service) {
    written.forget(key);
    made.forget(key);
    return; // They are the service's, and go with it.
  }
  if (isLeftAlone(service) || service.metadata.deletionTimestamp) return;
  const waitMs = written.waitFor(key);
  if (waitMs !== undefined) return { requeueAfterMs: waitMs };

  const selected = podsOf(cache, service);
  const nodeOf = (node: string) => cache.get(nodes, node);
  const plain = await inShortStretches(wantedSlices(service, selected, nodeOf, made.of(key, service)));
  const { wanted, told } = await inShortStretches(
    withHints(service, plain, { nodes: () => cache.list(nodes), slices }),
  );
  tellHints(service, told, slices, context);
  const plan = await inShortStretches(planSlices(wanted, slices, capacity));
  const updated = new Map(plan.update.map(({ slice, ...changed }) => [slice.metadata.uid, { ...slice, ...changed }]));
  const labels = labelsOf(service);
  for (const slice of slices) {
    if (semanticEqual(slice.metadata.labels, labels) || plan.remove.includes(slice)) continue;
    const changed = updated.get(slice.metadata.uid) ?? slice;
    updated.set(slice.metadata.uid, { ...changed, metadata: { ...changed.metadata, labels } });
  }
  try {
    const create = plan.create.map((made) => newSlice(service, made, labels));
    await writeSlices(client, written, key, { create, update: [...updated.values()], remove: plan.remove });
  } catch (error) {
    events
      .as("endpoint-slice-controller")
      .event(
        service,
        "Warning",
        "FailedToUpdateEndpointSlices",
        `Error updating Endpoint Slices for Service ${key}: ${(error as Error).message}`,
      );
    throw error;
  }
  return undefined;
}

/** When hints come or go, as what is there now shows. */
function tellHints(
  service: Service,
  told: readonly Told[],
  slices: readonly EndpointSlice[],
  { events }: ControllerContext,
): void {
  for (const { family, enabled, message } of told) {
    const had = slices.some(
      ({ addressType, endpoints }) => addressType === family && endpoints?.some(({ hints }) => hints?.forZones?.length),
    );
    if (had === enabled) continue;
    const [type, reason] = enabled
      ? ["Normal", "TopologyAwareHintsEnabled"]
      : ["Warning", "TopologyAwareHintsDisabled"];
    events.as("endpoint-slice-controller").event(service, type as "Normal" | "Warning", reason as string, message);
  }
}

const labelsOf = (service: Service): Record<string, string> => ({
  ...serviceLabels(service),
  [SERVICE_NAME]: service.metadata.name,
  [MANAGED_BY]: SLICE_CONTROLLER,
});

const newSlice = (service: Service, { family, ports, endpoints }: NewSlice, labels: Record<string, string>) => ({
  metadata: {
    namespace: service.metadata.namespace,
    generateName: namePrefix(service.metadata.name),
    labels,
    ownerReferences: [controllerReference(service)],
  },
  addressType: family as EndpointSlice["addressType"],
  ports,
  endpoints,
});
