/** DeviceTaintRules: a taint for all devices that a selector means, whoever offers them. Served when asked for, in two versions that say the same. */
import type { FieldError } from "@kubets/machinery";
import { conditionsErrors } from "../conditions.ts";
import { define } from "../define.ts";
import { devicetaintrules, devicetaintrulesV1ALPHA3 } from "../generated/refs.ts";
import type { DeviceTaintRule } from "../generated/types/resource-v1beta2.ts";
import type { Draft } from "../meta.ts";
import { otherVersion } from "../other-version.ts";
import { ownStatus, statusSubresource } from "../own-status.ts";
import { taintErrors } from "./device.ts";
import { driverErrors, labelErrors, poolNameErrors } from "./device-checks.ts";

export const deviceTaintRuleResource = define(devicetaintrules, {
  stability: "beta",
  countsGeneration: true,
  prepareForCreate: (rule, { now }) => {
    ownStatus.prepareForCreate(rule);
    stamp(rule, now);
  },
  prepareForUpdate: (rule, old, { now }) => {
    ownStatus.prepareForUpdate(rule, old);
    stamp(rule, now);
  },
  validate,
  validateUpdate: validate,
  subresources: {
    status: statusSubresource(({ status }) => conditionsErrors(status?.conditions, "status.conditions")),
  },
});

export const deviceTaintRuleV1Alpha3Resource = otherVersion(deviceTaintRuleResource, devicetaintrulesV1ALPHA3, {
  stability: "alpha",
  deprecated: ["1.36", "1.39"],
});

/** It counts from when it came. */
function stamp({ spec }: Draft<DeviceTaintRule>, now: string): void {
  spec.taint.timeAdded ||= now;
}

function validate({ spec: { deviceSelector = {}, taint } }: DeviceTaintRule): FieldError[] {
  const { driver, pool, device } = deviceSelector;
  return [
    ...(driver === undefined ? [] : driverErrors(driver, "spec.deviceSelector.driver")),
    ...(pool === undefined ? [] : poolNameErrors(pool, "spec.deviceSelector.pool")),
    ...(device === undefined ? [] : labelErrors(device, "spec.deviceSelector.device")),
    ...taintErrors(taint, "spec.taint"),
  ];
}
