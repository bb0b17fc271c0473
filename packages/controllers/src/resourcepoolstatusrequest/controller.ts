/**
 * Answers questions how much of a driver's devices is taken, each once.
 * Owns: the status of ResourcePoolStatusRequests, and their end: an hour after the answer, or a day after a question that got none.
 * Watches: the requests, and slices of the drivers that they ask for. Holds: nothing is told while a pool that is asked for is not complete.
 */
import { resourceclaims, resourcepoolstatusrequests, resourceslices } from "@kubets/api/generated/refs";
import type { ResourcePoolStatusRequest } from "@kubets/api/generated/types/resource-v1alpha3";
import { type Controller, on, onRelated } from "@kubets/client";
import { formatTime } from "@kubets/machinery/time";
import { conditionOf } from "../conditions.ts";
import { unlessGone } from "../error-text.ts";
import { keyIn } from "../keys.ts";
import { writeStatus } from "../write-status.ts";
import { poolsOf } from "./plan.ts";

const ANSWERED_MS = 3_600_000;
const PENDING_MS = 24 * 3_600_000;

export const resourcePoolStatusRequests = (): Controller => ({
  name: "resourcepoolstatusrequest",
  workers: 1,
  watches: [
    on(resourcepoolstatusrequests),
    onRelated(resourceslices, ({ spec: { driver } }, _, { cache }) =>
      cache
        .list(resourcepoolstatusrequests)
        .filter(({ spec, status }) => !status && spec.driver === driver)
        .map(({ metadata }) => metadata.name),
    ),
    onRelated(resourceclaims, () => []),
  ],
  async reconcile(name, { cache, client, clock }) {
    const request = cache.get(resourcepoolstatusrequests, name);
    if (!request) return undefined;
    const left = endOf(request) - clock.now();
    if (left <= 0) {
      const { uid } = request.metadata;
      await unlessGone(client.delete(resourcepoolstatusrequests, keyIn(request), { preconditions: { uid } }));
      return undefined;
    }
    if (request.status) return { requeueAfterMs: left };
    const pools = poolsOf(request.spec, cache.list(resourceslices), cache.list(resourceclaims));
    if (!pools.told.some(({ validationError }) => validationError)) {
      const condition = {
        type: "Complete",
        status: "True",
        reason: "CalculationComplete",
        message: `Calculated status for ${pools.told.length} pools`,
        lastTransitionTime: formatTime(clock.now()),
      };
      const status = { poolCount: pools.count, pools: pools.told, conditions: [condition] };
      await writeStatus(client, resourcepoolstatusrequests, request, status);
    }
    return { requeueAfterMs: left };
  },
});

function endOf({ metadata, status }: ResourcePoolStatusRequest): number {
  const created = Date.parse(metadata.creationTimestamp);
  if (!status) return created + PENDING_MS;
  const answered = conditionOf(status.conditions, "Complete") ?? conditionOf(status.conditions, "Failed");
  return (Date.parse(answered?.lastTransitionTime ?? "") || created) + ANSWERED_MS;
}
