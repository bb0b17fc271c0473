/** How much of a device's capacities a request takes: what it asks for, in the steps that the device gives out. */
import type {
  CapacityRequestPolicy,
  CapacityRequirements,
  Device,
  DeviceCapacity,
} from "@kubets/api/generated/types/resource-v1";
import { parseQuantity, type Quantity, quantityOf } from "@kubets/machinery/quantity";

/** By capacity; undefined where the device does not have or give out so much. */
export function consumption(
  { capacity = {} }: Device,
  asked: CapacityRequirements | undefined,
): Map<string, Quantity> | undefined {
  const requests = asked?.requests ?? {};
  for (const name of Object.keys(requests)) if (!Object.hasOwn(capacity, name)) return undefined;
  const consumed = new Map<string, Quantity>();
  for (const [name, offered] of Object.entries(capacity)) {
    const request = requests[name];
    const amount = amountOf(offered, request === undefined ? undefined : parseQuantity(request));
    if (!isGivenOut(amount, offered.requestPolicy) || amount.compare(parseQuantity(offered.value)) > 0)
      return undefined;
    consumed.set(name, amount);
  }
  return consumed;
}

/** Rounded up to what the device gives out; all of it where nothing is asked and nothing else is the default. */
function amountOf({ value, requestPolicy: policy }: DeviceCapacity, asked: Quantity | undefined): Quantity {
  if (!asked) return parseQuantity(policy?.default ?? value);
  const { validRange, validValues } = policy ?? {};
  if (validRange?.min !== undefined) return inRange(asked, parseQuantity(validRange.min), validRange.step);
  const sorted = (validValues ?? []).map(parseQuantity).sort((a, b) => a.compare(b));
  return sorted.find((valid) => valid.compare(asked) >= 0) ?? asked;
}

function inRange(asked: Quantity, min: Quantity, step: string | undefined): Quantity {
  if (asked.compare(min) <= 0) return min;
  if (step === undefined) return asked;
  const size = parseQuantity(step).scaled(0);
  const beyond = asked.sub(min).scaled(0);
  return size > 0n ? min.add(quantityOf(((beyond + size - 1n) / size) * size, min.format)) : asked;
}

function isGivenOut(amount: Quantity, policy: CapacityRequestPolicy | undefined): boolean {
  const { validRange, validValues, default: usual } = policy ?? {};
  if (usual !== undefined && amount.equals(parseQuantity(usual))) return true;
  if (validRange) return validRange.max === undefined || amount.compare(parseQuantity(validRange.max)) <= 0;
  return !validValues?.length || validValues.some((valid) => parseQuantity(valid).equals(amount));
}
