/** What the server tells of its decisions about who may do what, by the original's names. */
import type { Counter, Family, Histogram, MetricsRegistry } from "@kubets/machinery/metrics";
import type { Authorizer, Decision } from "./authorizer.ts";

/** 1 ms, doubled fourteen times. */
const SECONDS = Array.from({ length: 15 }, (_, i) => 0.001 * 2 ** i);
const WEBHOOK_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const CONDITION_SECONDS = [0.001, 0.005, 0.01, 0.025, 0.1, 0.2, 0.25];
const WORDS = { allow: "allowed", deny: "denied", noOpinion: "no-opinion" } as const;

type WebhookOutcome = "success" | "error" | "timeout" | "canceled";

export class AuthorizationMetrics {
  readonly #attempts: Family<Counter>;
  readonly #seconds: Family<Histogram>;
  readonly #decisions: Family<Counter>;
  /** Of each authorizer, by verdict: what is counted on every request is found without a search. */
  readonly #decided = new WeakMap<Authorizer, Partial<Record<Decision["verdict"], Counter>>>();
  readonly #evaluations: Family<Counter>;
  readonly #evaluationSeconds: Family<Histogram>;
  readonly #failOpen: Family<Counter>;
  readonly #conditionSeconds: Family<Histogram>;
  readonly #exclusions: Family<Counter>;
  readonly #conditionErrors: Family<Counter>;

  constructor(registry: MetricsRegistry) {
    const counter = (name: string, help: string, ...labels: string[]) => registry.counter({ name, help, labels });
    this.#attempts = counter("authorization_attempts_total", "Requests by what was decided.", "result");
    this.#seconds = registry.histogram({
      name: "authorization_duration_seconds",
      help: "How long decisions took, in seconds.",
      labels: ["result"],
      buckets: SECONDS,
    });
    this.#decisions = counter(
      "apiserver_authorization_decisions_total",
      "Decisions by the authorizer that made them.",
      "decision",
      "name",
      "type",
    );
    this.#evaluations = counter(
      "apiserver_authorization_webhook_evaluations_total",
      "How often webhooks were asked.",
      "name",
      "result",
    );
    this.#evaluationSeconds = registry.histogram({
      name: "apiserver_authorization_webhook_duration_seconds",
      help: "How long webhooks took, in seconds.",
      labels: ["name", "result"],
      buckets: WEBHOOK_SECONDS,
    });
    this.#failOpen = counter(
      "apiserver_authorization_webhook_evaluations_fail_open_total",
      "How often a webhook that could not be asked was passed over.",
      "name",
      "result",
    );
    this.#conditionSeconds = registry.histogram({
      name: "apiserver_authorization_match_condition_evaluation_seconds",
      help: "How long the conditions of authorizers took, in seconds.",
      labels: ["name", "type"],
      buckets: CONDITION_SECONDS,
    });
    this.#exclusions = counter(
      "apiserver_authorization_match_condition_exclusions_total",
      "Requests that the conditions of an authorizer keep from it.",
      "name",
      "type",
    );
    this.#conditionErrors = counter(
      "apiserver_authorization_match_condition_evaluation_errors_total",
      "Conditions of authorizers that failed.",
      "name",
      "type",
    );
  }

  decided({ verdict }: Decision, beganMs: number): void {
    const result = WORDS[verdict];
    this.#attempts.values(result).value++;
    this.#seconds.values(result).observe((performance.now() - beganMs) / 1000);
  }

  /** Of one authorizer that allows or denies. */
  decidedBy(authorizer: Authorizer, { verdict }: Decision): void {
    let counters = this.#decided.get(authorizer);
    if (!counters) this.#decided.set(authorizer, (counters = {}));
    (counters[verdict] ??= this.#decisionsOf(authorizer, verdict)).value++;
  }

  #decisionsOf({ name, type = name }: Authorizer, verdict: Decision["verdict"]): Counter {
    return this.#decisions.values(WORDS[verdict], type === name ? name.toLowerCase() : name, type);
  }

  webhook(name: string, outcome: WebhookOutcome, beganMs: number, isPassedOver: boolean): void {
    this.#evaluations.values(name, outcome).value++;
    this.#evaluationSeconds.values(name, outcome).observe((performance.now() - beganMs) / 1000);
    if (isPassedOver) this.#failOpen.values(name, outcome).value++;
  }

  conditions(name: string, beganMs: number): void {
    this.#conditionSeconds.values(name, "Webhook").observe((performance.now() - beganMs) / 1000);
  }

  excluded(name: string): void {
    this.#exclusions.values(name, "Webhook").value++;
  }

  conditionFailed(name: string): void {
    this.#conditionErrors.values(name, "Webhook").value++;
  }
}
