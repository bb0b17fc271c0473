/**
 * Says which ranges of service addresses may be used, and keeps those that addresses stand in from going.
 * Watches: ServiceCIDRs, IPAddresses. Holds: a range goes only when each of its addresses stands in another range that stays.
 */
import { ipaddresses, servicecidrs } from "@kubets/api/generated/refs";
import type { ServiceCIDR } from "@kubets/api/generated/types/networking-v1";
import { type Cache, type Controller, type ControllerContext, onRelated, type Requeue } from "@kubets/client";
import { formatTime, parseCidr, parseIp } from "@kubets/machinery";
import { conditionOf, withCondition } from "../conditions.ts";
import { unlessGone } from "../error-text.ts";

const FINALIZER = "networking.k8s.io/service-cidr-finalizer";
/** An address that was just given out may be in no cache yet. */
const GRACE_MS = 10_000;

export const serviceCidrs = (): Controller => ({
  name: "service-cidr",
  watches: [
    // One range may be what keeps addresses of another.
    onRelated(servicecidrs, ({ metadata }, _, { cache }) => [metadata.name, ...going(cache)]),
    onRelated(ipaddresses, (_, __, { cache }) => going(cache)),
  ],
  async reconcile(name, context): Promise<Requeue | void> {
    const range = context.cache.get(servicecidrs, name);
    if (!range) return undefined;
    return range.metadata.deletionTimestamp ? letGo(range, context) : keep(range, context);
  },
});

const going = (cache: Cache): string[] =>
  cache
    .list(servicecidrs)
    .filter(({ metadata }) => metadata.deletionTimestamp)
    .map(({ metadata }) => metadata.name);

async function keep(range: ServiceCIDR, context: ControllerContext): Promise<void> {
  const { finalizers = [], name } = range.metadata;
  if (!finalizers.includes(FINALIZER)) {
    const body = { metadata: { finalizers: [...finalizers, FINALIZER] } };
    await unlessGone(context.client.patch(servicecidrs, { name }, { type: "merge", body }));
  }
  await setReady(range, "True", "", "Kubernetes Service CIDR is ready", context);
}

async function letGo(range: ServiceCIDR, context: ControllerContext): Promise<Requeue | void> {
  const { finalizers = [], name, deletionTimestamp } = range.metadata;
  if (!finalizers.includes(FINALIZER)) return undefined;
  const text =
    "There are still IPAddresses referencing the ServiceCIDR, please remove them or create a new ServiceCIDR";
  if (isNeeded(range, context.cache)) return setReady(range, "False", "Terminating", text, context);
  const left = Date.parse(deletionTimestamp as string) + GRACE_MS - context.clock.now();
  if (left > 0) return { requeueAfterMs: left };
  const body = { metadata: { finalizers: finalizers.filter((each) => each !== FINALIZER) } };
  await unlessGone(context.client.patch(servicecidrs, { name }, { type: "merge", body }));
  return undefined;
}

/** Whether some address stands in it and in no other range that stays. */
function isNeeded(range: ServiceCIDR, cache: Cache): boolean {
  const own = cidrsOf(range);
  const others = cache
    .list(servicecidrs)
    .filter(({ metadata }) => metadata.name !== range.metadata.name && !metadata.deletionTimestamp)
    .flatMap(cidrsOf);
  return cache.list(ipaddresses).some(({ metadata }) => {
    const address = parseIp(metadata.name);
    return address && own.some((cidr) => cidr.contains(address)) && !others.some((cidr) => cidr.contains(address));
  });
}

const cidrsOf = ({ spec }: ServiceCIDR) => (spec.cidrs ?? []).flatMap((text) => parseCidr(text) ?? []);

async function setReady(
  range: ServiceCIDR,
  status: "True" | "False",
  reason: string,
  message: string,
  { client, clock }: ControllerContext,
): Promise<void> {
  const known = range.status?.conditions;
  if (conditionOf(known, "Ready")?.status === status) return;
  const ready = { type: "Ready", status, reason, message, lastTransitionTime: formatTime(clock.now()) };
  const body = { status: { conditions: withCondition(known, ready) } };
  const { name } = range.metadata;
  await unlessGone(client.patch(servicecidrs, { name }, { type: "merge", body }, { subresource: "status" }));
}
