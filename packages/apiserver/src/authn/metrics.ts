/** What the server tells of who was believed, by the original's names. User names are not told: only of which sort they are. */
import type { Counter, Family, Gauge, Histogram, MetricsRegistry } from "@kubets/machinery/metrics";
import { hashOf, SERVER } from "../metrics/hash.ts";
import type { User } from "./authenticator.ts";

/** 1 ms, doubled fourteen times. */
const SECONDS = Array.from({ length: 15 }, (_, i) => 0.001 * 2 ** i);
const JWT_SECONDS = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const HOUR = 3600;
const DAY = 24 * HOUR;
const CERTIFICATE_SECONDS = [0, HOUR / 2, HOUR, 2 * HOUR, 6 * HOUR, 12 * HOUR, DAY, 2 * DAY, 4 * DAY, 7 * DAY].concat(
  [30, 60, 90, 180, 365].map((days) => days * DAY),
);
const TOLD = new Set(["admin", "client", "kube_proxy", "kubelet", "system:serviceaccount:kube-system:default"]);

/** `miss` was asked of the webhook. */
export type CacheOutcome = "hit" | "miss";

export class AuthenticationMetrics {
  readonly #attempts: Family<Counter>;
  readonly #seconds: Family<Histogram>;
  readonly #users: Family<Counter>;
  readonly #cache: Family<Counter>;
  readonly #fetches: Family<Counter>;
  readonly #fetching: Family<Gauge>;
  readonly #cacheSeconds: Family<Histogram>;
  readonly #jwtSeconds: Family<Histogram>;
  readonly #keysFetched: Family<Gauge>;
  readonly #keySets: Family<Gauge>;
  /** The hash that is told of each issuer's keys. */
  readonly #told = new Map<string, string>();
  readonly #certificates: Histogram;

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
    this.#fetching = registry.gauge({
      name: "authentication_token_cache_active_fetch_count",
      help: "Tokens of which the webhook is being asked.",
      labels: ["status"],
    });
    this.#cacheSeconds = registry.histogram({
      name: "authentication_token_cache_request_duration_seconds",
      help: "How long it took to learn of a token whose it is, in seconds.",
      labels: ["status"],
    });
    this.#jwtSeconds = registry.histogram({
      name: "apiserver_authentication_jwt_authenticator_latency_seconds",
      help: "How long it took to look at a token of an issuer outside that was not remembered, in seconds.",
      labels: ["jwt_issuer_hash", "result"],
      buckets: JWT_SECONDS,
    });
    this.#keysFetched = registry.gauge({
      name: "apiserver_authentication_jwt_authenticator_jwks_fetch_last_timestamp_seconds",
      help: "When the keys of an issuer outside were last fetched, or could not be.",
      labels: ["apiserver_id_hash", "jwt_issuer_hash", "result"],
    });
    this.#keySets = registry.gauge({
      name: "apiserver_authentication_jwt_authenticator_jwks_fetch_last_key_set_info",
      help: "The keys of an issuer outside that were last fetched, by their hash.",
      labels: ["apiserver_id_hash", "hash", "jwt_issuer_hash"],
    });
    this.#certificates = registry
      .histogram({
        name: "apiserver_client_certificate_expiration_seconds",
        help: "How long the certificates were still good that connections showed, in seconds.",
        buckets: CERTIFICATE_SECONDS,
      })
      .values();
  }

  /** Of a token that an issuer outside is said to have signed. */
  jwt(issuer: string, isGood: boolean, seconds: number): void {
    this.#jwtSeconds.values(hashOf(issuer), isGood ? "success" : "failure").observe(seconds);
  }

  /** `published` is what the issuer says its keys are, if it can be asked. */
  keysFetched(issuer: string, published: string | undefined, now: number): void {
    const ofIssuer = hashOf(issuer);
    this.#keysFetched.values(SERVER, ofIssuer, published === undefined ? "failure" : "success").set(now / 1000);
    if (published === undefined) return;
    this.#keySets.remove(SERVER, this.#told.get(ofIssuer) ?? "", ofIssuer);
    this.#told.set(ofIssuer, hashOf(published));
    this.#keySets.values(SERVER, hashOf(published), ofIssuer).set(1);
  }

  certificate(secondsLeft: number): void {
    this.#certificates.observe(secondsLeft);
  }

  known({ name }: User, beganMs: number): void {
    this.#tell("success", beganMs);
    this.#users.values(TOLD.has(name) ? name : name.includes("@") ? "email_id" : "other").value++;
  }

  /** Somebody who showed nothing, or something that is wrong. */
  refused(hadCredentials: boolean, beganMs: number): void {
    this.#tell(hadCredentials ? "error" : "failure", beganMs);
  }

  tokenCache(outcome: CacheOutcome, seconds: number): void {
    this.#cache.values(outcome).value++;
    this.#cacheSeconds.values(outcome).observe(seconds);
  }

  tokenFetching(): void {
    this.#fetching.values("in_flight").inc();
  }

  tokenFetched(isAnswered: boolean): void {
    this.#fetching.values("in_flight").dec();
    this.#fetches.values(isAnswered ? "ok" : "error").value++;
  }

  #tell(result: string, beganMs: number): void {
    this.#attempts.values(result).value++;
    this.#seconds.values(result).observe((performance.now() - beganMs) / 1000);
  }
}
