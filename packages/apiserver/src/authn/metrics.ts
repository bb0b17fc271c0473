/** What the server tells of who was believed, by the original's names. User names are not told: only of which sort they are. */
import type { Counter, Family, Histogram, MetricsRegistry } from "@kubets/machinery/metrics";
import type { User } from "./authenticator.ts";

/** 1 ms, doubled fourteen times. */
const SECONDS = Array.from({ length: 15 }, (_, i) => 0.001 * 2 ** i);
const TOLD = new Set(["admin", "client", "kube_proxy", "kubelet", "system:serviceaccount:kube-system:default"]);

/** `miss` was asked of the webhook. */
export type CacheOutcome = "hit" | "miss";

export class AuthenticationMetrics {
  readonly #attempts: Family<Counter>;
  readonly #seconds: Family<Histogram>;
  readonly #users: Family<Counter>;
  readonly #cache: Family<Counter>;
  readonly #fetches: Family<Counter>;

  constructor(registry: MetricsRegistry) {
    const labels = ["result"];
    this.#attempts = registry.counter({
      name: "authentication_attempts",
      help: "Who was believed, and who not.",
      labels,
    });
    this.#seconds = registry.histogram({
      name: "authentication_duration_seconds",
      help: "How long it took to find out who asks, in seconds.",
      labels,
      buckets: SECONDS,
    });
    this.#users = registry.counter({
      name: "authenticated_user_requests",
      help: "Requests of known users, by the sort of user.",
      labels: ["username"],
    });
    this.#cache = registry.counter({
      name: "authentication_token_cache_request_total",
      help: "Tokens of which an answer of the webhook was at hand, and of which not.",
      labels: ["status"],
    });
    this.#fetches = registry.counter({
      name: "authentication_token_cache_fetch_total",
      help: "Tokens of which the webhook was asked, by whether it answered.",
      labels: ["status"],
    });
  }

  known({ name }: User, beganMs: number): void {
    this.#tell("success", beganMs);
    this.#users.values(TOLD.has(name) ? name : name.includes("@") ? "email_id" : "other").value++;
  }

  /** Somebody who showed nothing, or something that is wrong. */
  refused(hadCredentials: boolean, beganMs: number): void {
    this.#tell(hadCredentials ? "error" : "failure", beganMs);
  }

  tokenCache(outcome: CacheOutcome): void {
    this.#cache.values(outcome).value++;
  }

  tokenFetched(isAnswered: boolean): void {
    this.#fetches.values(isAnswered ? "ok" : "error").value++;
  }

  #tell(result: string, beganMs: number): void {
    this.#attempts.values(result).value++;
    this.#seconds.values(result).observe((performance.now() - beganMs) / 1000);
  }
}
