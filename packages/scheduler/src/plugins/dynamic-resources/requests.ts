/**
 * A claim's requests as the allocator takes them: each a list of alternatives, with its class, and a way to ask whether a device is what
 * is wanted. The answers of expressions are kept with the device, for all claims that ask the same.
 */
import type {
  Device,
  DeviceClass,
  DeviceTaint,
  DeviceToleration,
  ExactDeviceRequest,
  ResourceClaim,
} from "@kubets/api/generated/types/resource-v1";
import { deviceExpression, deviceMatches } from "@kubets/api/resource/device-expression";
import type { PooledDevice } from "./pools.ts";

export interface WantedDevices {
  /** "gpu", or "gpu/small" for an alternative. */
  readonly name: string;
  readonly asked: Omit<ExactDeviceRequest, "deviceClassName">;
  readonly class: DeviceClass;
  /** Where it stands among the alternatives. */
  readonly rank: number;
  /** Throws where an expression has no answer. */
  accepts(device: PooledDevice): boolean;
}

export interface WantedClaim {
  readonly claim: ResourceClaim;
  /** Claims with the same are served by the same devices. */
  readonly signature: string;
  /** For each request the alternatives, the best first. */
  readonly requests: readonly (readonly WantedDevices[])[];
}

/** Or which class is not there. */
export function wantedClaim(
  claim: ResourceClaim,
  classOf: (name: string) => DeviceClass | undefined,
): WantedClaim | string {
  const requests: WantedDevices[][] = [];
  const classes: unknown[] = [];
  for (const { name: base, exactly, firstAvailable = [] } of claim.spec.devices.requests ?? []) {
    const forms = exactly
      ? [{ name: base, asked: exactly }]
      : firstAvailable.map((asked) => ({ name: `${base}/${asked.name}`, asked }));
    const alternatives: WantedDevices[] = [];
    for (const [rank, { name, asked }] of forms.entries()) {
      const deviceClass = classOf(asked.deviceClassName);
      if (!deviceClass) return `request ${name}: device class ${asked.deviceClassName} does not exist`;
      classes.push(deviceClass.metadata.uid, deviceClass.metadata.resourceVersion);
      alternatives.push({ name, asked, class: deviceClass, rank, accepts: accepts(claim, asked, deviceClass) });
    }
    requests.push(alternatives);
  }
  return { claim, requests, signature: JSON.stringify([claim.spec.devices, classes]) };
}

/** The first request that has alternatives. */
export const prioritizedList = ({ spec }: ResourceClaim): string | undefined =>
  spec.devices.requests?.find(({ firstAvailable }) => firstAvailable?.length)?.name;

function accepts(
  { metadata }: ResourceClaim,
  { selectors = [] }: ExactDeviceRequest,
  { metadata: of, spec }: DeviceClass,
) {
  const expressions = [
    ...(spec.selectors ?? []).map((selector, i) => ({ selector, where: `class ${of.name}: selector #${i}` })),
    ...selectors.map((selector, i) => ({
      selector,
      where: `claim ${metadata.namespace}/${metadata.name}: selector #${i}`,
    })),
  ];
  return (device: PooledDevice): boolean =>
    expressions.every(({ selector, where }) => matches(device, selector.cel?.expression ?? "", where));
}

const answers = new WeakMap<Device, Map<string, boolean>>();

function matches({ device, slice, id }: PooledDevice, expression: string, where: string): boolean {
  let known = answers.get(device);
  const answer = known?.get(expression);
  if (answer !== undefined) return answer;
  const compiled = deviceExpression(expression);
  if ("error" in compiled) throw new Error(`${where}: CEL compile error: ${compiled.error}`);
  let found: boolean;
  try {
    found = deviceMatches(compiled.program, slice.spec.driver, device);
  } catch (error) {
    throw new Error(`${where} on device ${id}: CEL runtime error: ${(error as Error).message}`, { cause: error });
  }
  if (!known) answers.set(device, (known = new Map()));
  known.set(expression, found);
  return found;
}

/** Effects that are not known keep nobody away. */
export const keptAway = ({ taints }: Device, tolerations: readonly DeviceToleration[] = []): boolean =>
  (taints ?? []).some(
    (taint) =>
      (taint.effect === "NoSchedule" || taint.effect === "NoExecute") &&
      !tolerations.some((toleration) => tolerates(toleration, taint)),
  );

function tolerates({ key, operator = "Equal", value = "", effect }: DeviceToleration, taint: DeviceTaint): boolean {
  if (effect && effect !== taint.effect) return false;
  if (key && key !== taint.key) return false;
  return operator === "Exists" || (operator === "Equal" && value === (taint.value ?? ""));
}
