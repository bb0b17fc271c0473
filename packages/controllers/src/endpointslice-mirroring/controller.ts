/**
 * Copies Endpoints that people keep by hand, for services without a selector, into EndpointSlices.
 * Owns: slices that carry its name as managed-by. Watches: Endpoints, services, slices.
 * Holds: Endpoints that are a controller's, a lock of leader election, or marked to be skipped are left alone.
 */
import { endpoints, endpointslices, services } from "@kubets/api/generated/refs";
import type { EndpointAddress, EndpointSubset, Endpoints } from "@kubets/api/generated/types/core-v1";
import type { Endpoint } from "@kubets/api/generated/types/discovery-v1";
import {
  type Controller,
  type ControllerContext,
  controllerReference,
  on,
  onRelated,
  type Requeue,
  splitKey,
} from "@kubets/client";
import { parseIp, semanticEqual } from "@kubets/machinery";
import { inShortStretches } from "@kubets/machinery/short-stretches";
import { gathered } from "../gathered.ts";
import { namePrefix } from "../pods/pod-from-template.ts";
import { slicesOf, WrittenSlices } from "../services/owned-slices.ts";
import { type NewSlice, planSlices, portsKey, type Wanted } from "../services/plan-slices.ts";
import { type Family, familyOf, LAST_APPLIED, LAST_CHANGE } from "../services/service-pods.ts";
import { MANAGED_BY, MIRRORING_CONTROLLER, SERVICE_NAME } from "../services/slice-labels.ts";
import { writeSlices } from "../services/write-slices.ts";

const SKIP = "endpointslice.kubernetes.io/skip-mirror";
const LEADER = "control-plane.alpha.kubernetes.io/leader";
const SLICE_SIZE = 1000;

interface MirroringOptions {
  /** --mirroring-max-endpoints-per-subset */
  readonly mirroringMaxEndpointsPerSubset: number;
  /** --mirroring-endpointslice-updates-batch-period */
  readonly mirroringBatchMs: number;
}

export function endpointSliceMirroring({
  mirroringMaxEndpointsPerSubset,
  mirroringBatchMs,
}: MirroringOptions): Controller {
  let written: WrittenSlices;
  return {
    name: "endpoint-slice-mirroring",
    watches: [
      gathered(on(endpoints), mirroringBatchMs),
      on(services),
      onRelated(endpointslices, ({ metadata: { namespace, labels = {} } }) =>
        labels[MANAGED_BY] === MIRRORING_CONTROLLER && labels[SERVICE_NAME]
          ? [`${namespace}/${labels[SERVICE_NAME]}`]
          : [],
      ),
    ],
    start(context) {
      written = new WrittenSlices(context);
    },
    async reconcile(key, context): Promise<Requeue | void> {
      const { cache, client } = context;
      const { namespace, name } = splitKey(key);
      const slices = slicesOf(cache, MIRRORING_CONTROLLER, namespace, name);
      const source = cache.get(endpoints, key);
      const service = cache.get(services, key);
      if (!source || !service || !isMirrored(source) || service.spec.selector) {
        await writeSlices(client, written, key, { create: [], update: [], remove: slices });
        return undefined;
      }
      const waitMs = written.waitFor(key);
      if (waitMs !== undefined) return { requeueAfterMs: waitMs };
      await mirror(key, source, slices, context, written, mirroringMaxEndpointsPerSubset);
      return undefined;
    },
  };
}

const isMirrored = ({ metadata: { labels = {}, annotations = {} } }: Endpoints): boolean =>
  labels[SKIP] !== "true" &&
  annotations[LEADER] === undefined &&
  labels["endpoints.kubernetes.io/managed-by"] === undefined;

async function mirror(
  key: string,
  source: Endpoints,
  slices: ReturnType<typeof slicesOf>,
  { client }: ControllerContext,
  written: WrittenSlices,
  limit: number,
): Promise<void> {
  const wanted = mergeByPorts((source.subsets ?? []).flatMap((subset) => wantedOf(subset, limit)));
  const plan = await inShortStretches(planSlices(wanted, slices, SLICE_SIZE));
  const { labels, annotations } = marksOf(source);
  const updated = new Map(plan.update.map(({ slice, ...changed }) => [slice.metadata.uid, { ...slice, ...changed }]));
  for (const slice of slices) {
    const { metadata } = updated.get(slice.metadata.uid) ?? slice;
    if (
      plan.remove.includes(slice) ||
      (semanticEqual(metadata.labels, labels) && semanticEqual(metadata.annotations, annotations))
    )
      continue;
    updated.set(slice.metadata.uid, {
      ...(updated.get(slice.metadata.uid) ?? slice),
      metadata: { ...metadata, labels, annotations },
    });
  }
  const create = plan.create.map((made) => newSlice(source, made, labels, annotations));
  await writeSlices(client, written, key, { create, update: [...updated.values()], remove: plan.remove });
}

function marksOf({ metadata }: Endpoints) {
  const { [LAST_APPLIED]: _, [LAST_CHANGE]: __, ...annotations } = metadata.annotations ?? {};
  return {
    annotations,
    labels: { ...metadata.labels, [SERVICE_NAME]: metadata.name, [MANAGED_BY]: MIRRORING_CONTROLLER },
  };
}

const newSlice = (
  { kind, apiVersion, metadata }: Endpoints,
  { family, ports, endpoints: found }: NewSlice,
  labels: Record<string, string>,
  annotations: Record<string, string>,
) => ({
  metadata: {
    namespace: metadata.namespace,
    generateName: namePrefix(metadata.name),
    labels,
    annotations,
    ownerReferences: [controllerReference({ kind, apiVersion, metadata })],
  },
  addressType: family,
  ports,
  endpoints: found,
});

/** Not more of a subset than the limit, those that are ready first. */
function wantedOf({ addresses = [], notReadyAddresses = [], ports = [] }: EndpointSubset, limit: number): Wanted[] {
  const all = [
    ...addresses.map((address) => ({ address, ready: true })),
    ...notReadyAddresses.map((address) => ({ address, ready: false })),
  ];
  const told = all.filter(({ address }) => parseIp(address.ip)).slice(0, limit);
  const families = Map.groupBy(told, ({ address }) => familyOf(address.ip));
  const slicePorts = ports.map(({ name = "", protocol = "TCP", port, appProtocol }) => ({
    name,
    protocol,
    port,
    ...(appProtocol && { appProtocol }),
  }));
  return [...families].map(([family, members]) => ({
    family,
    ports: slicePorts,
    endpoints: members.map(({ address, ready }) => endpointOf(address, ready)),
  }));
}

const endpointOf = ({ ip, hostname, nodeName, targetRef }: EndpointAddress, ready: boolean): Endpoint => ({
  addresses: [ip],
  conditions: { ready },
  ...(hostname && { hostname }),
  ...(targetRef && { targetRef }),
  ...(nodeName && { nodeName }),
});

/** Subsets may repeat ports; slices of the same ports are one group. */
function mergeByPorts(all: readonly Wanted[]): Wanted[] {
  const merged = new Map<string, { family: Family; ports: Wanted["ports"]; endpoints: Endpoint[] }>();
  for (const { family, ports, endpoints: found } of all) {
    const key = portsKey(family, ports);
    const group = merged.get(key) ?? { family, ports, endpoints: [] };
    merged.set(key, group);
    group.endpoints.push(...found);
  }
  return [...merged.values()];
}
