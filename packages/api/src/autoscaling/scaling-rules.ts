/** How fast an autoscaler may go up and down: the rules when none are given, and the checks of those that are. */
import { type FieldError, invalidValue, notSupported, required } from "@kubets/machinery";
import type {
  HorizontalPodAutoscalerBehavior,
  HPAScalingPolicy,
  HPAScalingRules,
} from "../generated/types/autoscaling-v2.ts";
import type { Draft } from "../meta.ts";
import { checkNonNegativeQuantity } from "../quantity-checks.ts";

const MAX_WINDOW = 3600;
const MAX_PERIOD = 1800;
const SELECT_POLICIES = ["Disabled", "Max", "Min"];

/** Up: at once, by four pods or by as many as there are. Down: by as many as there are, after the controller's window. */
export function defaultBehavior(behavior: Draft<HorizontalPodAutoscalerBehavior>): void {
  const up = (behavior.scaleUp ??= {});
  up.stabilizationWindowSeconds ??= 0;
  up.selectPolicy ??= "Max";
  up.policies ??= [
    { type: "Pods", value: 4, periodSeconds: 15 },
    { type: "Percent", value: 100, periodSeconds: 15 },
  ];
  const down = (behavior.scaleDown ??= {});
  down.selectPolicy ??= "Max";
  down.policies ??= [{ type: "Percent", value: 100, periodSeconds: 15 }];
}

export function behaviorErrors(behavior: HorizontalPodAutoscalerBehavior | undefined, field: string): FieldError[] {
  if (!behavior) return [];
  return [
    ...rulesErrors(behavior.scaleUp, `${field}.scaleUp`),
    ...rulesErrors(behavior.scaleDown, `${field}.scaleDown`),
  ];
}

function rulesErrors(rules: HPAScalingRules | undefined, field: string): FieldError[] {
  if (!rules) return [];
  const { stabilizationWindowSeconds: window, selectPolicy, policies = [], tolerance } = rules;
  const errors: FieldError[] = [];
  const windowField = `${field}.stabilizationWindowSeconds`;
  if (window != null && window < 0)
    errors.push(invalidValue(windowField, window, "must be greater than or equal to zero"));
  if (window != null && window > MAX_WINDOW)
    errors.push(invalidValue(windowField, window, `must be less than or equal to ${MAX_WINDOW}`));
  if (selectPolicy != null && !SELECT_POLICIES.includes(selectPolicy))
    errors.push(notSupported(`${field}.selectPolicy`, selectPolicy, SELECT_POLICIES));
  if (!policies.length) errors.push(required(`${field}.policies`, "must specify at least one Policy"));
  errors.push(...policies.flatMap((policy, i) => policyErrors(policy, `${field}.policies[${i}]`)));
  return [...errors, ...checkNonNegativeQuantity(`${field}.tolerance`, tolerance)];
}

function policyErrors({ type, value, periodSeconds: period }: HPAScalingPolicy, field: string): FieldError[] {
  const errors: FieldError[] = [];
  if (type !== "Pods" && type !== "Percent") errors.push(notSupported(`${field}.type`, type, ["Percent", "Pods"]));
  if (value <= 0) errors.push(invalidValue(`${field}.value`, value, "must be greater than zero"));
  if (period <= 0) errors.push(invalidValue(`${field}.periodSeconds`, period, "must be greater than zero"));
  if (period > MAX_PERIOD)
    errors.push(invalidValue(`${field}.periodSeconds`, period, `must be less than or equal to ${MAX_PERIOD}`));
  return errors;
}
