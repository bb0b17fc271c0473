/**
 * What must hold between the devices of one claim: a value of an attribute that all have, or values that no two share. Monotonic: what does
 * not hold now, does not with more devices.
 */
import type { DeviceConstraint } from "@kubets/api/generated/types/resource-v1";
import type { PooledDevice } from "./pools.ts";

export interface Constraint {
  /** Takes the device in if the constraint allows it; each one taken is given back by `remove`, the last first. */
  add(request: string, device: PooledDevice): boolean;
  remove(request: string): void;
}

export function constraintOf(
  { requests = [], matchAttribute, distinctAttribute }: DeviceConstraint,
  claim: string,
  i: number,
): Constraint {
  const attribute = matchAttribute ?? distinctAttribute;
  if (attribute === undefined)
    throw new Error(`claim ${claim}, constraint #${i}: empty constraint (unsupported constraint type?)`);
  /** A constraint on a request is one on all its alternatives. */
  const concerns = (request: string) =>
    requests.length === 0 || requests.includes(request) || requests.includes(request.split("/", 1)[0] as string);
  /** Which values the devices have in common, or have all together: for each device what it was with it. */
  const after: ReadonlySet<string>[] = [];
  return {
    add(request, device) {
      if (!concerns(request)) return true;
      const own = valuesOf(device, attribute);
      const before = after.at(-1) ?? (matchAttribute === undefined ? new Set<string>() : own);
      const common = before.intersection(own);
      if (own.size === 0 || common.size > 0 !== (matchAttribute !== undefined)) return false;
      after.push(matchAttribute === undefined ? before.union(own) : common);
      return true;
    },
    remove(request) {
      if (concerns(request)) after.pop();
    },
  };
}

/** By its full name, or without the domain where that is the driver's; as texts that say their type too. A single value is as a list of it. */
function valuesOf({ device, slice }: PooledDevice, name: string): ReadonlySet<string> {
  const domain = `${slice.spec.driver}/`;
  const { attributes = {} } = device;
  const found = attributes[name] ?? (name.startsWith(domain) ? attributes[name.slice(domain.length)] : undefined);
  return new Set(
    TYPES.flatMap((type) => listOf(found?.[`${type}s`] ?? found?.[type]).map((value) => `${type} ${value}`)),
  );
}

const TYPES = ["string", "int", "bool", "version"] as const;

const listOf = <T>(value: T | readonly T[] | undefined): readonly T[] =>
  value === undefined ? [] : Array.isArray(value) ? (value as readonly T[]) : [value as T];
