/**
 * Keeps the EndpointSlices of each service with a selector.
 * Owns: slices that carry its name as managed-by. Watches: services, pods, slices, nodes (for their zones).
 */
import { endpointslices, nodes, services } from "@kubets/api/generated/refs";
import type { Service } from "@kubets/api/generated/types/core-v1";
import type { EndpointSlice } from "@kubets/api/generated/types/discovery-v1";
import {
  type Controller,
  type ControllerContext,
  controllerReference,
  on,
  onRelated,
  type Requeue,
  splitKey,
} from "@kubets/client";
import { semanticEqual } from "@kubets/machinery";
import { gathered } from "../gathered.ts";
import { namePrefix } from "../pods/pod-from-template.ts";
import { slicesOf, WrittenSlices } from "../services/owned-slices.ts";
import { type NewSlice, planSlices } from "../services/plan-slices.ts";
import { isLeftAlone, onSelectedPods, podsOf, serviceLabels } from "../services/service-pods.ts";
import { MANAGED_BY, SERVICE_NAME, SLICE_CONTROLLER } from "../services/slice-labels.ts";
import { writeSlices } from "../services/write-slices.ts";
import { withHints } from "./hints.ts";
import { wantedSlices } from "./wanted.ts";

const ZONE = "topology.kubernetes.io/zone";

export interface EndpointSliceOptions {
  /** --max-endpoints-per-slice */
  readonly maxEndpointsPerSlice: number;
  /** --endpointslice-updates-batch-period */
  readonly endpointSliceBatchMs: number;
}

export function endpointSlices({ maxEndpointsPerSlice, endpointSliceBatchMs }: EndpointSliceOptions): Controller {
  let written: WrittenSlices;
  return {
    name: "endpoint-slice",
    watches: [
      on(services),
      gathered(onSelectedPods(), endpointSliceBatchMs),
      onRelated(endpointslices, ({ metadata: { namespace, labels = {} } }) =>
        labels[MANAGED_BY] === SLICE_CONTROLLER && labels[SERVICE_NAME] ? [`${namespace}/${labels[SERVICE_NAME]}`] : [],
      ),
      // A node that is in another zone than before moves its endpoints there.
      onRelated(nodes, (node, old, { cache }) =>
        old && node.metadata.labels?.[ZONE] !== old.metadata.labels?.[ZONE]
          ? cache.list(services).map(({ metadata }) => `${metadata.namespace}/${metadata.name}`)
          : [],
      ),
    ],
    start(context) {
      written = new WrittenSlices(context);
    },
    reconcile: (key, context) => reconcile(key, context, written, maxEndpointsPerSlice),
  };
}

async function reconcile(
  key: string,
  context: ControllerContext,
  written: WrittenSlices,
  capacity: number,
): Promise<Requeue | void> {
  const { cache, client, events } = context;
  const { namespace, name } = splitKey(key);
  const service = cache.get(services, key);
  const slices = slicesOf(cache, SLICE_CONTROLLER, namespace, name);
  if (!service) {
    written.forget(key);
    return; // They are the service's, and go with it.
  }
  if (isLeftAlone(service) || service.metadata.deletionTimestamp) return;
  const waitMs = written.waitFor(key);
  if (waitMs !== undefined) return { requeueAfterMs: waitMs };

  const wanted = withHints(
    service,
    wantedSlices(service, podsOf(cache, service), (node) => cache.get(nodes, node)),
  );
  const plan = planSlices(wanted, slices, capacity);
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
