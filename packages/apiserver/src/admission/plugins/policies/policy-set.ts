/** Policies with their bindings. A policy without a binding does nothing. Expressions are compiled when a policy is first needed after it was written. */
import type {
  MatchResources,
  MutatingAdmissionPolicy,
  MutatingAdmissionPolicyBinding,
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
} from "@kubets/api/generated/types/admissionregistration-v1";
import type { ServedResources } from "../../../served-resource.ts";
import { type ResourceMatch, resourceMatch } from "../../match/match-resources.ts";
import { once } from "../../match/once.ts";
import type { Action } from "../../match/rules.ts";

export type Policy = ValidatingAdmissionPolicy | MutatingAdmissionPolicy;
export type Binding = ValidatingAdmissionPolicyBinding | MutatingAdmissionPolicyBinding;

export interface ConcernedPolicy<P extends Policy, B extends Binding, C> {
  readonly policy: P;
  readonly compiled: () => C;
  readonly match: ResourceMatch;
  readonly bindings: readonly Bound<B>[];
}

/** A binding, and what its own rules say; it may have none. */
interface Bound<B> {
  readonly binding: B;
  readonly match: ResourceMatch | undefined;
}

interface Known<P, C> {
  readonly policy: P;
  readonly compiled: () => C;
}

export class PolicySet<P extends Policy, B extends Binding, C> {
  readonly #served: ServedResources;
  readonly #compile: (policy: P) => C;
  readonly #policies = new Map<string, Known<P, C>>();
  /** By the name of the policy, then by their own. */
  readonly #bindings = new Map<string, Map<string, B>>();

  constructor(served: ServedResources, compile: (policy: P) => C) {
    this.#served = served;
    this.#compile = compile;
  }

  get isIdle(): boolean {
    return this.#policies.size === 0 || this.#bindings.size === 0;
  }

  setPolicy(name: string, now: P | undefined): void {
    if (now) this.#policies.set(name, { policy: now, compiled: once(() => this.#compile(now)) });
    else this.#policies.delete(name);
  }

  setBinding(name: string, now: B | undefined, old: B | undefined): void {
    if (old) this.#remove(old.spec.policyName ?? "", name);
    if (now) this.#add(now.spec.policyName ?? "", name, now);
  }

  concernedBy(action: Action): ConcernedPolicy<P, B, C>[] {
    return [...this.#policies]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .flatMap(([name, { policy, compiled }]) => {
        const bindings = this.#bindings.get(name);
        const match = bindings && this.#matchOf(policy.spec.matchConstraints, action);
        if (!match) return [];
        return [{ policy, compiled, match, bindings: this.#boundBy(bindings, action) }];
      });
  }

  #boundBy(bindings: ReadonlyMap<string, B>, action: Action): Bound<B>[] {
    return [...bindings]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .flatMap(([, binding]): Bound<B>[] => {
        const { matchResources } = binding.spec;
        if (!matchResources) return [{ binding, match: undefined }];
        const match = this.#matchOf(matchResources, action);
        return match ? [{ binding, match }] : [];
      });
  }

  #matchOf(resources: MatchResources | undefined, action: Action): ResourceMatch | undefined {
    return resources && resourceMatch(resources, action, this.#served);
  }

  #add(policy: string, name: string, binding: B): void {
    const bindings = this.#bindings.get(policy) ?? new Map<string, B>();
    this.#bindings.set(policy, bindings.set(name, binding));
  }

  #remove(policy: string, name: string): void {
    const bindings = this.#bindings.get(policy);
    bindings?.delete(name);
    if (bindings?.size === 0) this.#bindings.delete(policy);
  }
}
