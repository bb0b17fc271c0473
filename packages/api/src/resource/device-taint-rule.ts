/** DeviceTaintRules: a taint for all devices that a selector means, whoever offers them. Served when asked for, in two versions that say the same. */
import type { FieldError } from "@kubets/machinery";
import { conditionsErrors } from "../conditions.ts";
import { define } from "../define.ts";
import { devicetaintrules, devicetaintrulesV1ALPHA3 } from "../generated/refs.ts";
import type { DeviceTaintRule as DeviceTaintRuleV1Alpha3 } from "../generated/types/resource-v1alpha3.ts";
import type { DeviceTaintRule } from "../generated/types/resource-v1beta2.ts";
import type { Draft, KubeObject } from "../meta.ts";
import { ownStatus, statusSubresource } from "../own-status.ts";
import type { ResourceDefinition, Strategy } from "../resource.ts";
import { groupVersion, type ResourceRef } from "../resource-ref.ts";
import { taintErrors } from "./device.ts";
import { driverErrors, labelErrors, poolNameErrors } from "./device-checks.ts";

type AnyRule = DeviceTaintRule | DeviceTaintRuleV1Alpha3;

const strategy: Strategy<AnyRule> & Pick<ResourceDefinition<AnyRule>, "countsGeneration" | "subresources"> = {
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
};

export const deviceTaintRuleResource = define(devicetaintrules, { stability: "beta", ...strategy });

const inVersion = (rule: KubeObject, ref: ResourceRef) => ({ ...rule, apiVersion: groupVersion(ref) });

export const deviceTaintRuleV1Alpha3Resource = define(devicetaintrulesV1ALPHA3, {
  stability: "alpha",
  ...strategy,
  hub: {
    resource: () => deviceTaintRuleResource as unknown as ResourceDefinition,
    toHub: (rule) => inVersion(rule, devicetaintrules) as Draft<KubeObject>,
    fromHub: (rule) => inVersion(rule, devicetaintrulesV1ALPHA3) as Draft<DeviceTaintRuleV1Alpha3>,
  },
});

/** It counts from when it came. */
function stamp({ spec }: Draft<AnyRule>, now: string): void {
  spec.taint.timeAdded ||= now;
}

function validate({ spec: { deviceSelector = {}, taint } }: AnyRule): FieldError[] {
  const { driver, pool, device } = deviceSelector;
  return [
    ...(driver === undefined ? [] : driverErrors(driver, "spec.deviceSelector.driver")),
    ...(pool === undefined ? [] : poolNameErrors(pool, "spec.deviceSelector.pool")),
    ...(device === undefined ? [] : labelErrors(device, "spec.deviceSelector.device")),
    ...taintErrors(taint, "spec.taint"),
  ];
}
