/**
 * What is told of admission, by the original's names: how long plugins, webhooks and policies took, and what became of what they were asked. What is counted on
 * every write is found by one look-up.
 */
import { StatusError } from "@kubets/machinery";
import type { Histogram, MetricsRegistry } from "@kubets/machinery/metrics";
import type { AdmissionRequest, Operation } from "../admission/plugin.ts";
import { ManifestMetrics } from "./manifest-metrics.ts";

const SECONDS = [0.005, 0.025, 0.1, 0.5, 1, 2.5];
const WEBHOOK_SECONDS = [...SECONDS, 10, 25];
const POLICY_SECONDS = [0.0000005, 0.001, 0.01, 0.1, 1];
const CONDITION_SECONDS = [0.001, 0.005, 0.01, 0.025, 0.1, 0.2, 0.25];

export type Step = "admit" | "validate";
/** Webhooks that validate are told of by another word than plugins. */
type HookType = "admit" | "validating";

export interface AskedHook {
  readonly name: string;
  readonly type: HookType;
  readonly operation: Operation;
}

/** What a policy did to a request: the last is for those that change it. */
export type PolicyOutcome = "allow" | "deny" | "warn" | "audit" | "mutate";

interface PolicyCheck {
  readonly policy: string;
  readonly binding: string;
  readonly outcome: PolicyOutcome;
  readonly errorType: "no_error" | "invalid_error" | "compile_error" | "out_of_budget";
  readonly seconds: number;
}

/** What Pod Security said of a pod, or of what makes pods. */
export interface Evaluation {
  readonly mode: "enforce" | "audit" | "warn";
  readonly level: string;
  readonly version: string;
  readonly isAllowed: boolean;
}

export class AdmissionMetrics {
  readonly manifests: ManifestMetrics;
  readonly #families: ReturnType<typeof families>;

  constructor(registry: MetricsRegistry) {
    this.manifests = new ManifestMetrics(registry);
    this.#families = families(registry);
  }

  /** The times of one plugin, or of all together when it has no name. */
  plugin(name: string): PluginTimes {
    const { controllers, steps } = this.#families;
    return new PluginTimes((operation, rejected, step) =>
      name ? controllers.values(name, operation, rejected, step) : steps.values(operation, rejected, step),
    );
  }

  /** A webhook that answered; `refusal` is what it said. */
  webhook({ name, type, operation }: AskedHook, seconds: number, code: number, refusal?: StatusError): void {
    const rejected = String(refusal !== undefined);
    this.#families.hooks.values(name, operation, rejected, type).observe(seconds);
    this.#families.hookRequests.values(String(code), name, operation, rejected, type).inc();
    if (refusal) this.#families.rejections.values("no_error", name, operation, String(code), type).inc();
  }

  /** A webhook that could not be asked, or whose answer was none: the request fails, or goes on without it. */
  webhookFailed(
    hook: AskedHook,
    seconds: number,
    isPassedOver: boolean,
    why: "calling_webhook_error" | "apiserver_internal_error",
  ): void {
    const { name, type, operation } = hook;
    this.#families.hooks.values(name, operation, String(!isPassedOver), type).observe(seconds);
    this.#families.hookRequests.values("0", name, operation, String(!isPassedOver), type).inc();
    if (isPassedOver) this.#families.failOpen.values(name, type).inc();
    else this.#families.rejections.values(why, name, operation, "0", type).inc();
  }

  /** Match conditions of a webhook or policy; a text says why it could not be told whether they hold. */
  conditions(
    kind: "webhook" | "policy",
    { name, type, operation }: AskedHook,
    holds: boolean | string,
    seconds: number,
  ): void {
    const labels = [kind, name, operation, type] as const;
    this.#families.conditionSeconds.values(...labels).observe(seconds);
    if (typeof holds === "string") this.#families.conditionErrors.values(...labels).inc();
    else if (!holds) this.#families.conditionExclusions.values(...labels).inc();
  }

  podSecurity(request: AdmissionRequest, { mode, level, version, isAllowed }: Evaluation): void {
    const decision = isAllowed ? "allow" : "deny";
    this.#families.evaluations.values(decision, mode, level, version, ...podLabels(request)).inc();
  }

  /** A namespace whose labels are not understood: the strictest is taken for what they may mean. */
  podSecurityError(request: AdmissionRequest): void {
    this.#families.podErrors.values("false", ...podLabels(request)).inc();
  }

  /** A namespace, user or runtime class that is left alone. */
  podSecurityExemption(request: AdmissionRequest): void {
    this.#families.exemptions.values(...podLabels(request)).inc();
  }

  policy({ policy, binding, outcome, errorType, seconds }: PolicyCheck): void {
    const { checks, checkSeconds, mutations, mutationSeconds } = this.#families;
    if (outcome === "mutate") {
      mutations.values(errorType, policy, binding).inc();
      mutationSeconds.values(errorType, policy, binding).observe(seconds);
    } else {
      checks.values(outcome, errorType, policy, binding).inc();
      checkSeconds.values(outcome, errorType, policy, binding).observe(seconds);
    }
  }
}

const podLabels = ({ operation, resource, subresource }: AdmissionRequest) =>
  [operation.toLowerCase(), resource.resource === "pods" ? "pod" : "controller", subresource] as const;

/** Each of its histograms stands at a place of its own, where it is found without a search. */
export class PluginTimes {
  readonly #make: (operation: Operation, rejected: string, step: Step) => Histogram;
  readonly #histograms: (Histogram | undefined)[] = [];

  constructor(make: (operation: Operation, rejected: string, step: Step) => Histogram) {
    this.#make = make;
  }

  /** Tells when it ended: now. */
  observe(step: Step, operation: Operation, rejected: boolean, began: number): number {
    const place = PLACES[operation] * 4 + (step === "admit" ? 2 : 0) + (rejected ? 1 : 0);
    const histogram = (this.#histograms[place] ??= this.#make(operation, String(rejected), step));
    const now = performance.now();
    histogram.observe((now - began) / 1000);
    return now;
  }
}

const PLACES: Readonly<Record<Operation, number>> = { CREATE: 0, UPDATE: 1, DELETE: 2, CONNECT: 3 };

function families(registry: MetricsRegistry) {
  const histogram = (name: string, help: string, labels: readonly string[], buckets: readonly number[]) =>
    registry.histogram({ name: `apiserver_${name}`, help, labels, buckets });
  const counter = (name: string, help: string, labels: readonly string[]) =>
    registry.counter({ name: `apiserver_${name}`, help, labels });
  const hook = ["name", "operation", "rejected", "type"];
  const condition = ["kind", "name", "operation", "type"];
  const check = ["enforcement_action", "error_type", "policy", "policy_binding"];
  const mutation = ["error_type", "policy", "policy_binding"];
  const pod = ["request_operation", "resource", "subresource"];
  return {
    controllers: histogram(
      "admission_controller_admission_duration_seconds",
      "How long admission plugins took, in seconds.",
      hook,
      SECONDS,
    ),
    steps: histogram(
      "admission_step_admission_duration_seconds",
      "How long all plugins of one step of admission took, in seconds.",
      ["operation", "rejected", "type"],
      SECONDS,
    ),
    hooks: histogram(
      "admission_webhook_admission_duration_seconds",
      "How long admission webhooks took, in seconds.",
      hook,
      WEBHOOK_SECONDS,
    ),
    hookRequests: counter("admission_webhook_request_total", "Requests to admission webhooks.", ["code", ...hook]),
    rejections: counter(
      "admission_webhook_rejection_count",
      "Requests that webhooks refused, or that failed on them.",
      ["error_type", "name", "operation", "rejection_code", "type"],
    ),
    failOpen: counter("admission_webhook_fail_open_count", "Webhooks that failed and were passed over.", [
      "name",
      "type",
    ]),
    conditionSeconds: histogram(
      "admission_match_condition_evaluation_seconds",
      "How long match conditions took, in seconds.",
      condition,
      CONDITION_SECONDS,
    ),
    conditionErrors: counter(
      "admission_match_condition_evaluation_errors_total",
      "Match conditions that could not be evaluated.",
      condition,
    ),
    conditionExclusions: counter(
      "admission_match_condition_exclusions_total",
      "Requests that match conditions kept from a webhook or policy.",
      condition,
    ),
    evaluations: registry.counter({
      name: "pod_security_evaluations_total",
      help: "What Pod Security said of pods and of what makes pods.",
      labels: ["decision", "mode", "policy_level", "policy_version", ...pod],
    }),
    podErrors: registry.counter({
      name: "pod_security_errors_total",
      help: "Requests of which Pod Security could not tell what is demanded.",
      labels: ["fatal", ...pod],
    }),
    exemptions: registry.counter({
      name: "pod_security_exemptions_total",
      help: "Requests that Pod Security left alone.",
      labels: pod,
    }),
    checks: counter("validating_admission_policy_check_total", "Requests that validating policies judged.", check),
    checkSeconds: histogram(
      "validating_admission_policy_check_duration_seconds",
      "How long validating policies took, in seconds.",
      check,
      POLICY_SECONDS,
    ),
    mutations: counter(
      "mutating_admission_policy_check_total",
      "Requests that mutating policies changed or left.",
      mutation,
    ),
    mutationSeconds: histogram(
      "mutating_admission_policy_check_duration_seconds",
      "How long mutating policies took, in seconds.",
      mutation,
      POLICY_SECONDS,
    ),
  };
}
