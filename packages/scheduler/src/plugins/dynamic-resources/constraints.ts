/** What must hold between the devices of one claim: an attribute that all share, or that differs for each. Monotonic: what does not hold now, does not with more devices. */
import type { DeviceAttribute, DeviceConstraint } from "@kubets/api/generated/types/resource-v1";
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
  const values: string[] = [];
  return {
    add(request, device) {
      if (!concerns(request)) return true;
      const value = attributeOf(device, attribute);
      if (value === undefined) return false;
      const isKnown = values.includes(value);
      if (values.length > 0 && isKnown !== (matchAttribute !== undefined)) return false;
      values.push(value);
      return true;
    },
    remove(request) {
      if (concerns(request)) values.pop();
    },
  };
}

/** By its full name, or without the domain where that is the driver's; as a text that says its type too. */
function attributeOf({ device, slice }: PooledDevice, name: string): string | undefined {
  const domain = `${slice.spec.driver}/`;
  const { attributes = {} } = device;
  const found = attributes[name] ?? (name.startsWith(domain) ? attributes[name.slice(domain.length)] : undefined);
  return found && valueText(found);
}

function valueText({ string, int, bool, version }: DeviceAttribute): string | undefined {
  if (string !== undefined) return `string ${string}`;
  if (int !== undefined) return `int ${int}`;
  if (bool !== undefined) return `bool ${bool}`;
  return version === undefined ? undefined : `version ${version}`;
}
