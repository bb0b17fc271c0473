/**
 * Scales what HorizontalPodAutoscalers point at, by metrics, once in a period.
 * Owns: the scale of their targets, and their status. Watches: autoscalers; metrics cannot be watched.
 * Holds: a metric that cannot be had never scales down; what was recommended and done lately is remembered as long as the process lives.
 */
import { horizontalpodautoscalers, pods } from "@kubets/api/generated/refs";
import type {
  HorizontalPodAutoscaler,
  HorizontalPodAutoscalerCondition,
  HorizontalPodAutoscalerStatus,
} from "@kubets/api/generated/types/autoscaling-v2";
import type { Pod } from "@kubets/api/generated/types/core-v1";
import type { ResourceRef } from "@kubets/api/resource-ref";
import { type Controller, type ControllerContext, on, type Requeue, reads } from "@kubets/client";
import { formatTime, parseLabelSelector, parseQuantity } from "@kubets/machinery";
import { conditionOf } from "../conditions.ts";
import { errorText } from "../error-text.ts";
import type { ControllerOptions } from "../options.ts";
import { writeStatus } from "../write-status.ts";
import { type Decision, decide, type MetricOutcome, needsMetrics } from "./decide.ts";
import { limit } from "./limits.ts";
import { Memory } from "./memory.ts";
import { MetricError, proposalOf } from "./proposals.ts";
import type { Tolerances } from "./replica-count.ts";
import { Kinds, readScale, type Scale, writeScale } from "./scale-target.ts";

const COMPONENT = "horizontal-pod-autoscaler";

export function horizontalPodAutoscalers(options: ControllerOptions): Controller {
  const { hpaSyncPeriodMs: period } = options;
  const memory = new Memory();
  const due = new Map<string, number>();
  /** By which pods each autoscaler was seen to select, to find two of the same. */
  const selectors = new Map<string, string>();
  let kinds: Kinds;

  async function reconcile(key: string, base: ControllerContext): Promise<Requeue | void> {
    const context = { ...base, events: base.events.as(COMPONENT) };
    const { cache, clock, log } = context;
    const autoscaler = cache.get(horizontalpodautoscalers, key);
    if (!autoscaler) return forget(key);
    const now = clock.monotonic();
    const at = due.get(key) ?? now + period;
    if (now < at) {
      due.set(key, at);
      return { requeueAfterMs: at - now };
    }
    due.set(key, now + period);
    try {
      await scale(key, autoscaler, context);
    } catch (error) {
      // The next period is soon enough: events and conditions have told of it.
      log.debug("an autoscaler could not decide", { autoscaler: key, error: errorText(error) });
    }
    return { requeueAfterMs: period };
  }

  function forget(key: string): void {
    due.delete(key);
    memory.forget(key);
    selectors.delete(key);
  }

  async function scale(key: string, autoscaler: HorizontalPodAutoscaler, context: ControllerContext): Promise<void> {
    const { client, events, clock } = context;
    const { namespace } = autoscaler.metadata;
    const { name, kind, apiVersion = "v1" } = autoscaler.spec.scaleTargetRef;
    const status = new StatusDraft(autoscaler, formatTime(clock.now()));
    const write = () => writeStatus(client, horizontalpodautoscalers, autoscaler, status.value);
    let target: ResourceRef;
    let found: Scale;
    try {
      target = await kinds.resolve(apiVersion, kind);
      found = await readScale(client, target, namespace, name);
    } catch (error) {
      events.event(autoscaler, "Warning", "FailedGetScale", errorText(error));
      const text = `the HPA controller was unable to get the target's current scale: ${errorText(error)}`;
      status.set("AbleToScale", "False", "FailedGetScale", text);
      await write();
      throw error;
    }
    status.set(
      "AbleToScale",
      "True",
      "SucceededGetScale",
      "the HPA controller was able to get the target's current scale",
    );
    const current = found.spec.replicas ?? 0;
    memory.recommend(key, current, clock.now(), { onlyFirst: true });
    status.value = { ...status.value, currentReplicas: current };

    const metrics = needsMetrics(autoscaler.spec, current)
      ? await outcomesOf(key, autoscaler, found, status, context)
      : undefined;
    const decision = decide(autoscaler.spec, current, metrics);
    for (const { type, status: is, reason, message } of decision.conditions) status.set(type, is, reason, message);
    if (decision.statuses) status.value = { ...status.value, currentMetrics: decision.statuses };
    if (decision.error) {
      await write();
      events.event(autoscaler, "Warning", "FailedComputeMetricsReplicas", decision.error);
      throw new Error(decision.error);
    }
    const wanted = limited(key, autoscaler, decision, current, status, clock.now());
    const rescales = wanted !== current && !decision.disabled;
    if (rescales) {
      const said = `New size: ${wanted}; reason: ${decision.reason}`;
      try {
        await writeScale(client, target, namespace, name, { ...found, spec: { ...found.spec, replicas: wanted } });
      } catch (error) {
        events.event(autoscaler, "Warning", "FailedRescale", `${said}; error: ${errorText(error)}`);
        const text = `the HPA controller was unable to update the target scale: ${errorText(error)}`;
        status.set("AbleToScale", "False", "FailedUpdateScale", text);
        await write();
        throw error;
      }
      const text = `the HPA controller was able to update the target scale to ${wanted}`;
      status.set("AbleToScale", "True", "SucceededRescale", text);
      events.event(autoscaler, "Normal", "SuccessfulRescale", said);
      if (autoscaler.spec.behavior) memory.scaled(key, wanted - current, clock.now());
    }
    status.value = {
      ...status.value,
      desiredReplicas: rescales ? wanted : current,
      ...(rescales && { lastScaleTime: formatTime(clock.now()) }),
    };
    if (!decision.statuses) status.value = { ...status.value, currentMetrics: [] };
    await write();
  }

  /** Nothing holds or slows what only keeps the bounds. */
  function limited(
    key: string,
    { spec }: HorizontalPodAutoscaler,
    { replicas, byMetrics }: Decision,
    current: number,
    status: StatusDraft,
    now: number,
  ): number {
    if (!byMetrics) return replicas;
    const input = { spec, current, desired: replicas, min: spec.minReplicas ?? 1, now };
    const { hpaDownscaleStabilizationMs: downscaleStabilizationMs } = options;
    const result = limit({ ...input, history: memory.of(key), downscaleStabilizationMs });
    memory.recommend(key, replicas, now);
    const { ableToScale, scalingLimited } = result;
    status.set("AbleToScale", ableToScale.status, ableToScale.reason, ableToScale.message);
    status.set("ScalingLimited", scalingLimited.status, scalingLimited.reason, scalingLimited.message);
    return result.replicas;
  }

  async function outcomesOf(
    key: string,
    autoscaler: HorizontalPodAutoscaler,
    found: Scale,
    status: StatusDraft,
    { client, cache, clock, events }: ControllerContext,
  ): Promise<MetricOutcome[]> {
    const { namespace } = autoscaler.metadata;
    const refuse = (reason: string, message: string, condition = reason, told = message): never => {
      events.event(autoscaler, "Warning", reason, message);
      status.set("ScalingActive", "False", condition, told);
      throw new SelectorError(message);
    };
    let selected: readonly Pod[];
    const selector = found.status?.selector ?? "";
    try {
      if (!selector)
        refuse(
          "SelectorRequired",
          "selector is required",
          "InvalidSelector",
          "the HPA target's scale is missing a selector",
        );
      selected = podsOf(selector, namespace, cache, (text) =>
        refuse("InvalidSelector", `couldn't convert selector into a corresponding internal selector object: ${text}`),
      );
      selectors.set(key, selector);
      const others = competitors(namespace, selected, selectors);
      if (others.length > 1)
        refuse(
          "AmbiguousSelector",
          `pods by selector ${selector} are controlled by multiple HPAs: [${others.join(" ")}]`,
        );
    } catch (error) {
      if (!(error instanceof SelectorError)) throw error;
      return [{ error: new MetricError("", error.message, error.message), decisive: true }];
    }
    const input = {
      client,
      namespace,
      selector,
      pods: selected,
      specReplicas: found.spec.replicas ?? 0,
      statusReplicas: found.status?.replicas ?? 0,
      tolerances: tolerancesOf(autoscaler, options.hpaTolerance),
      periods: {
        cpuInitializationMs: options.hpaCpuInitializationPeriodMs,
        initialReadinessDelayMs: options.hpaInitialReadinessDelayMs,
      },
      now: clock.now(),
      resolve: (apiVersion: string, kind: string) => kinds.resolve(apiVersion, kind),
    };
    const outcomes: MetricOutcome[] = [];
    for (const metric of autoscaler.spec.metrics ?? []) {
      try {
        outcomes.push({ proposal: await proposalOf(metric, input) });
      } catch (error) {
        if (!(error instanceof MetricError)) throw error;
        events.event(autoscaler, "Warning", error.reason, error.inner);
        outcomes.push({ error });
      }
    }
    return outcomes;
  }

  return {
    name: "horizontalpodautoscaling",
    watches: [on(horizontalpodautoscalers), reads(pods)],
    start: ({ client, clock }) => {
      kinds = new Kinds(client, () => clock.monotonic());
    },
    reconcile,
  };
}

class SelectorError extends Error {
  override readonly name = "SelectorError";
}

function podsOf(
  selector: string,
  namespace: string,
  cache: ControllerContext["cache"],
  refuse: (text: string) => never,
): Pod[] {
  try {
    const parsed = parseLabelSelector(selector);
    return cache.list(pods, namespace).filter(({ metadata }) => parsed.matches(metadata.labels));
  } catch (error) {
    return refuse(errorText(error));
  }
}

/** The autoscalers of the namespace whose selectors match one of these pods. */
function competitors(namespace: string, selected: readonly Pod[], selectors: ReadonlyMap<string, string>): string[] {
  const found: string[] = [];
  for (const [key, text] of selectors) {
    if (!key.startsWith(`${namespace}/`)) continue;
    const selector = parseLabelSelector(text);
    if (selected.some(({ metadata }) => selector.matches(metadata.labels))) found.push(key);
  }
  return found;
}

function tolerancesOf({ spec: { behavior } }: HorizontalPodAutoscaler, general: number): Tolerances {
  const of = (text: string | undefined) => (text === undefined ? general : parseQuantity(text).toNumber());
  return { scaleUp: of(behavior?.scaleUp?.tolerance), scaleDown: of(behavior?.scaleDown?.tolerance) };
}

/** A status that is being made. */
class StatusDraft {
  value: HorizontalPodAutoscalerStatus;
  readonly #time: string;

  constructor({ status }: HorizontalPodAutoscaler, time: string) {
    this.value = {
      ...status,
      desiredReplicas: status?.desiredReplicas ?? 0,
      currentMetrics: status?.currentMetrics ?? [],
    };
    this.#time = time;
  }

  set(type: string, status: "True" | "False", reason: string, message: string): void {
    const conditions = this.value.conditions ?? [];
    const present = conditionOf(conditions, type);
    const lastTransitionTime = present?.status === status ? present.lastTransitionTime : this.#time;
    const condition: HorizontalPodAutoscalerCondition = { type, status, lastTransitionTime, reason, message };
    const all = present ? conditions.map((each) => (each === present ? condition : each)) : [...conditions, condition];
    this.value = { ...this.value, conditions: all };
  }
}
