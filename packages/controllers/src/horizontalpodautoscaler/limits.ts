/**
 * From what the metrics ask for to what is done: recommendations are held for a while, the pace is limited, the bounds are kept. Pure.
 */
import type { HorizontalPodAutoscalerSpec, HPAScalingRules } from "@kubets/api/generated/types/autoscaling-v2";

export interface Timed {
  readonly at: number;
  /** A recommendation, or by how many a scaling changed. */
  readonly count: number;
}

/** What is remembered of an autoscaler. */
export interface History {
  readonly recommendations: readonly Timed[];
  readonly ups: readonly Timed[];
  readonly downs: readonly Timed[];
}

interface LimitInput {
  readonly spec: HorizontalPodAutoscalerSpec;
  readonly min: number;
  readonly current: number;
  readonly desired: number;
  readonly history: History;
  readonly downscaleStabilizationMs: number;
  readonly now: number;
}

interface Verdict {
  readonly status: "True" | "False";
  readonly reason: string;
  readonly message: string;
}

interface Limited {
  readonly replicas: number;
  readonly ableToScale: Verdict;
  readonly scalingLimited: Verdict;
}

const DOWN_STABILIZED = verdict(
  "True",
  "ScaleDownStabilized",
  "recent recommendations were higher than current one, applying the highest recent recommendation",
);
const UP_STABILIZED = verdict(
  "True",
  "ScaleUpStabilized",
  "recent recommendations were lower than current one, applying the lowest recent recommendation",
);
const READY = verdict("True", "ReadyForNewScale", "recommended size matches current size");
const TOO_FAST_UP = [
  "ScaleUpLimit",
  "the desired replica count is increasing faster than the maximum scale rate",
] as const;
const TOO_FAST_DOWN = [
  "ScaleDownLimit",
  "the desired replica count is decreasing faster than the maximum scale rate",
] as const;
const TOO_MANY = ["TooManyReplicas", "the desired replica count is more than the maximum replica count"] as const;
const TOO_FEW = ["TooFewReplicas", "the desired replica count is less than the minimum replica count"] as const;
const WITHIN = verdict("False", "DesiredWithinRange", "the desired count is within the acceptable range");

export function limit(input: LimitInput): Limited {
  const { desired, current } = input;
  const stable = input.spec.behavior ? stabilizedByRules(input) : stabilized(input);
  const ableToScale =
    stable === desired ? READY : desired >= current && input.spec.behavior ? UP_STABILIZED : DOWN_STABILIZED;
  const [lowest, tooLow, highest, tooHigh] = input.spec.behavior ? boundsByRules(input) : bounds(input);
  if (stable < lowest) return { replicas: lowest, ableToScale, scalingLimited: verdict("True", ...tooLow) };
  if (stable > highest) return { replicas: highest, ableToScale, scalingLimited: verdict("True", ...tooHigh) };
  return { replicas: stable, ableToScale, scalingLimited: WITHIN };
}

/** The highest of what was recommended lately. */
const stabilized = ({ desired, history, downscaleStabilizationMs, now }: LimitInput): number =>
  Math.max(desired, ...since(history.recommendations, now - downscaleStabilizationMs));

/** As near to the present as all of what was recommended lately allows. */
function stabilizedByRules({ spec, current, desired, history, downscaleStabilizationMs, now }: LimitInput): number {
  const { scaleUp, scaleDown } = spec.behavior ?? {};
  const [up, down] = windowsOf(scaleUp, scaleDown, downscaleStabilizationMs);
  const most = Math.max(desired, ...since(history.recommendations, now - down));
  const least = Math.min(desired, ...since(history.recommendations, now - up));
  return Math.min(Math.max(current, least), most);
}

const windowsOf = (
  up: HPAScalingRules | undefined,
  down: HPAScalingRules | undefined,
  downscaleStabilizationMs: number,
): [upMs: number, downMs: number] => [
  (up?.stabilizationWindowSeconds ?? 0) * 1000,
  down?.stabilizationWindowSeconds === undefined ? downscaleStabilizationMs : down.stabilizationWindowSeconds * 1000,
];

type Bound = readonly [reason: string, message: string];
type Bounds = readonly [lowest: number, tooLow: Bound, highest: number, tooHigh: Bound];

/** Without rules of its own it may double, or go to four. */
function bounds({ spec: { maxReplicas }, min, current }: LimitInput): Bounds {
  const fastest = Math.max(2 * current, 4);
  return maxReplicas > fastest ? [min, TOO_FEW, fastest, TOO_FAST_UP] : [min, TOO_FEW, maxReplicas, TOO_MANY];
}

function boundsByRules(input: LimitInput): Bounds {
  const { spec, min, current } = input;
  const up = Math.max(current, pace(spec.behavior?.scaleUp, input, 1));
  const down = Math.min(current, pace(spec.behavior?.scaleDown, input, -1));
  return [
    ...(min < down ? ([down, TOO_FAST_DOWN] as const) : ([min, TOO_FEW] as const)),
    ...(spec.maxReplicas > up ? ([up, TOO_FAST_UP] as const) : ([spec.maxReplicas, TOO_MANY] as const)),
  ] as const;
}

/** How far the rules let it go in one direction. "Max" takes the policy that lets it go furthest. */
function pace(rules: HPAScalingRules | undefined, { current, history, now }: LimitInput, direction: 1 | -1): number {
  if (!rules || rules.selectPolicy === "Disabled") return current;
  const limits = (rules.policies ?? []).map(({ type, value, periodSeconds }) => {
    const from = now - periodSeconds * 1000;
    const start = current - total(history.ups, from) + total(history.downs, from);
    if (type === "Pods") return start + direction * value;
    return direction > 0 ? Math.ceil(start * (1 + value / 100)) : Math.trunc(start * (1 - value / 100));
  });
  const furthest = rules.selectPolicy !== "Min";
  return furthest === direction > 0 ? Math.max(...limits) : Math.min(...limits);
}

const since = (entries: readonly Timed[], from: number): number[] =>
  entries.filter(({ at }) => at > from).map(({ count }) => count);

const total = (entries: readonly Timed[], from: number): number =>
  since(entries, from).reduce((sum, count) => sum + count, 0);

function verdict(status: Verdict["status"], reason: string, message: string): Verdict {
  return { status, reason, message };
}
