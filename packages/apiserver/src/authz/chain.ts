/** Asks authorizers in order; the first that allows or denies decides. */
import type { AccessAttributes, Authorizer, Decision } from "./authorizer.ts";
import type { AuthorizationMetrics } from "./metrics.ts";

export class AuthorizerChain {
  #authorizers: readonly Authorizer[];
  readonly #metrics: AuthorizationMetrics | undefined;

  constructor(authorizers: readonly Authorizer[], metrics?: AuthorizationMetrics) {
    this.#authorizers = authorizers;
    this.#metrics = metrics;
  }

  /** Decides by these from now on. */
  use(authorizers: readonly Authorizer[]): void {
    this.#authorizers = authorizers;
  }

  /** What SelfSubjectRulesReview misses, in words. */
  get unlistable(): readonly string[] {
    return this.#authorizers.flatMap(({ unlistable }) => unlistable ?? []);
  }

  /** Whether nothing is refused, so that everything is to be listed. */
  get allowsAll(): boolean {
    return this.#authorizers.some(({ name }) => name === "AlwaysAllow");
  }

  authorize(attributes: AccessAttributes, from = 0, reasons: readonly string[] = []): Decision | Promise<Decision> {
    let told = reasons;
    for (let i = from; i < this.#authorizers.length; i++) {
      const authorizer = this.#authorizers[i] as Authorizer;
      const decision = authorizer.authorize(attributes);
      if (decision instanceof Promise)
        return decision.then((d) =>
          d.verdict === "noOpinion"
            ? this.authorize(attributes, i + 1, withReason(told, d))
            : this.#decided(authorizer, d),
        );
      if (decision.verdict !== "noOpinion") return this.#decided(authorizer, decision);
      told = withReason(told, decision);
    }
    return { verdict: "noOpinion", ...(told.length && { why: told.join(", ") }) };
  }

  #decided(authorizer: Authorizer, decision: Decision): Decision {
    this.#metrics?.decidedBy(authorizer, decision);
    return decision;
  }
}

const withReason = (reasons: readonly string[], { why }: Decision) => (why ? [...reasons, why] : reasons);
