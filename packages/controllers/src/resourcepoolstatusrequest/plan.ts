/** How much of each pool of a driver is taken. Pure. */
import type { ResourceClaim, ResourceSlice } from "@kubets/api/generated/types/resource-v1";
import type { PoolStatus, ResourcePoolStatusRequestSpec } from "@kubets/api/generated/types/resource-v1alpha3";

const DEFAULT_LIMIT = 100;
const MAX_PROBLEM = 256;

interface Pools {
  /** How many there are; of these no more are told than the request allows. */
  readonly count: number;
  readonly told: readonly PoolStatus[];
}

export function poolsOf(
  { driver, poolName, limit = DEFAULT_LIMIT }: ResourcePoolStatusRequestSpec,
  slices: readonly ResourceSlice[],
  claims: readonly ResourceClaim[],
): Pools {
  const asked = slices.filter(({ spec }) => spec.driver === driver && (poolName ?? spec.pool.name) === spec.pool.name);
  const pools = [...Map.groupBy(asked, ({ spec }) => spec.pool.name)].sort(([a], [b]) => (a < b ? -1 : 1));
  const allocated = allocatedOf(driver, claims);
  return {
    count: pools.length,
    told: pools.slice(0, limit).map(([name, all]) => statusOf(driver, name, all, allocated.get(name) ?? 0)),
  };
}

/** By pool, each allocation of a device for itself. */
function allocatedOf(driver: string, claims: readonly ResourceClaim[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { status } of claims)
    for (const result of status?.allocation?.devices?.results ?? [])
      if (result.driver === driver) counts.set(result.pool, (counts.get(result.pool) ?? 0) + 1);
  return counts;
}

function statusOf(driver: string, poolName: string, all: readonly ResourceSlice[], allocated: number): PoolStatus {
  const generation = all.map(({ spec }) => spec.pool.generation).reduce((a, b) => (Number(b) > Number(a) ? b : a));
  // What the driver said before counts no more.
  const slices = all.filter(({ spec }) => Number(spec.pool.generation) === Number(generation));
  const wanted = Number(slices[0]?.spec.pool.resourceSliceCount);
  const nodes = new Set(slices.map(({ spec }) => spec.nodeName ?? ""));
  const [nodeName] = nodes;
  const pool = { driver, poolName, generation, ...(nodeName && nodes.size === 1 && { nodeName }) };
  if (slices.length < wanted) {
    const problem = `pool ${driver}/${poolName} is incomplete: observed ${slices.length}/${wanted} slices at generation ${generation}`;
    return { ...pool, validationError: problem.slice(0, MAX_PROBLEM) };
  }
  const total = slices.reduce((sum, { spec }) => sum + (spec.devices?.length ?? 0), 0);
  return {
    ...pool,
    resourceSliceCount: slices.length,
    totalDevices: total,
    allocatedDevices: allocated,
    availableDevices: Math.max(0, total - allocated),
    // Taints are not looked at in v1.36.
    unavailableDevices: 0,
  };
}
