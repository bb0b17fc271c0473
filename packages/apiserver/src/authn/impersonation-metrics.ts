/** What the server tells of those who act as somebody else, by the original's names: whether they may, and every question that was asked to find out. */
import type { Counter, Family, Histogram, MetricsRegistry } from "@kubets/machinery/metrics";

/** 1 ms, doubled fourteen times. */
const SECONDS = Array.from({ length: 15 }, (_, i) => 0.001 * 2 ** i);

interface Attempts {
  readonly total: Family<Counter>;
  readonly seconds: Family<Histogram>;
}

export class ImpersonationMetrics {
  readonly #users: Attempts;
  readonly #questions: Attempts;

  constructor(registry: MetricsRegistry) {
    const attempts = (name: string, what: string): Attempts => {
      const labels = ["decision", "mode"];
      return {
        total: registry.counter({ name: `${name}_total`, help: `${what}.`, labels }),
        seconds: registry.histogram({
          name: `${name}_duration_seconds`,
          help: `How long it took, in seconds: ${what}.`,
          labels,
          buckets: SECONDS,
        }),
      };
    };
    this.#users = attempts("apiserver_impersonation_attempts", "requests of users who act as others");
    this.#questions = attempts("apiserver_impersonation_authorization_attempts", "questions whether users may do so");
  }

  /** The mode that let a user through; none did where it is absent. */
  decided(mode: string | undefined, began: number): void {
    tell(this.#users, mode !== undefined, mode ?? "", began);
  }

  asked(mode: string, isAllowed: boolean, began: number): void {
    tell(this.#questions, isAllowed, mode, began);
  }
}

function tell({ total, seconds }: Attempts, isAllowed: boolean, mode: string, began: number): void {
  const decision = isAllowed ? "allowed" : "denied";
  total.values(decision, mode).inc();
  seconds.values(decision, mode).observe((performance.now() - began) / 1000);
}
