/** Asks authorizers in order; the first that allows or denies decides. */
import type { AccessAttributes, Authorizer, Decision } from "./authorizer.ts";

export class AuthorizerChain {
  #authorizers: readonly Authorizer[];

  constructor(authorizers: readonly Authorizer[]) {
    this.#authorizers = authorizers;
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
      const decision = (this.#authorizers[i] as Authorizer).authorize(attributes);
      if (decision instanceof Promise)
        return decision.then((d) =>
          d.verdict === "noOpinion" ? this.authorize(attributes, i + 1, withReason(told, d)) : d,
        );
      if (decision.verdict !== "noOpinion") return decision;
      told = withReason(told, decision);
    }
    return { verdict: "noOpinion", ...(told.length && { why: told.join(", ") }) };
  }
}

const withReason = (reasons: readonly string[], { why }: Decision) => (why ? [...reasons, why] : reasons);
