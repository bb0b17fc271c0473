/**
 * Writes what DeviceTaintRules bring about into their status.
 * Holds: nothing is counted within ten seconds of the last report of the same rule, nor for a rule whose report stands; how many pods went is known
 * from the start of this process.
 */
import { devicetaintrules, pods, resourceclaims } from "@kubets/api/generated/refs";
import type { Pod } from "@kubets/api/generated/types/core-v1";
import type { ResourceClaim, ResourceSlice } from "@kubets/api/generated/types/resource-v1";
import type { DeviceTaintRule } from "@kubets/api/generated/types/resource-v1beta2";
import { meansDevice } from "@kubets/api/resource/device-selector";
import type { ControllerContext, Requeue } from "@kubets/client";
import { formatTime, parseTime } from "@kubets/machinery/time";
import { conditionOf } from "../conditions.ts";
import { unlessGone } from "../error-text.ts";
import { devicesOf, drivesOff } from "./plan.ts";
import { EVICTION, type RuleCounts, verdictOf } from "./rule-status.ts";

const PERIOD_MS = 10_000;
const FIELD_MANAGER = "device-taint-eviction";

interface RuleReportsOptions {
  claims(pod: Pod, context: ControllerContext): readonly ResourceClaim[];
  /** Of each pool what its driver says now. */
  slicesNow(context: ControllerContext): readonly ResourceSlice[];
}

export class RuleReports {
  readonly #options: RuleReportsOptions;
  readonly #evicted = new Map<string, number>();

  constructor(options: RuleReportsOptions) {
    this.#options = options;
  }

  /** A pod went because of these rules. */
  evicted(rules: readonly DeviceTaintRule[], { enqueue }: ControllerContext): void {
    for (const { metadata } of rules) {
      this.#evicted.set(metadata.uid, (this.#evicted.get(metadata.uid) ?? 0) + 1);
      enqueue(metadata.name, PERIOD_MS);
    }
  }

  /** A pod is to go because of them. */
  pending(rules: readonly DeviceTaintRule[], { enqueue }: ControllerContext): void {
    for (const { metadata } of rules) enqueue(metadata.name);
  }

  async tell(name: string, context: ControllerContext): Promise<Requeue | undefined> {
    const { cache, client, clock } = context;
    const rule = cache.get(devicetaintrules, name);
    if (!rule) return undefined;
    const { uid, generation = 0 } = rule.metadata;
    const known = conditionOf(rule.status?.conditions, EVICTION);
    const isOfNow = known !== undefined && Number(known.observedGeneration ?? 0) === Number(generation);
    const age = known ? clock.now() - parseTime(known.lastTransitionTime ?? "") : PERIOD_MS;
    if (isOfNow && age < PERIOD_MS) return { requeueAfterMs: PERIOD_MS - age };
    // What would be is told once for each change of the rule.
    if (isOfNow && rule.spec.taint.effect === "None") return undefined;
    const verdict = verdictOf(rule, this.#count(rule, context));
    if (
      isOfNow &&
      known.status === verdict.status &&
      known.reason === verdict.reason &&
      known.message === verdict.message
    )
      return verdict.status === "True" ? { requeueAfterMs: PERIOD_MS } : undefined;
    const condition = {
      type: EVICTION,
      ...verdict,
      observedGeneration: generation,
      lastTransitionTime: formatTime(clock.now()),
    };
    const told = { metadata: { name, uid }, status: { conditions: [condition] } };
    await unlessGone(
      client.apply(devicetaintrules, told as never, {
        subresource: "status",
        fieldManager: FIELD_MANAGER,
        force: true,
      }),
    );
    return { requeueAfterMs: PERIOD_MS };
  }

  #count(rule: DeviceTaintRule, context: ControllerContext): RuleCounts {
    const { cache } = context;
    const going = cache
      .list(pods)
      .filter(
        (pod) =>
          pod.spec.resourceClaims?.length &&
          !pod.metadata.deletionTimestamp &&
          drivesOff(rule, this.#options.claims(pod, context)),
      );
    const published = this.#options
      .slicesNow(context)
      .flatMap(({ spec }) =>
        (spec.devices ?? []).filter(({ name }) =>
          meansDevice(rule, { driver: spec.driver, pool: spec.pool.name, device: name }),
        ),
      );
    const allocated = cache.list(resourceclaims).flatMap(devicesOf);
    return {
      pods: going.length,
      namespaces: new Set(going.map(({ metadata }) => metadata.namespace)).size,
      publishedDevices: published.length,
      allocatedDevices: allocated.filter((device) => meansDevice(rule, device)).length,
      evicted: this.#evicted.get(rule.metadata.uid) ?? 0,
    };
  }
}
