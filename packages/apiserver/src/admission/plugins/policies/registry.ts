/**
 * Policies with their bindings, looked up by what they are about: those of the server's own files before those of the API, and neither by bindings of the
 * others. What admission is configured by through the API is subject to those of files alone.
 */
import type { ResourceRef } from "@kubets/api/resource-ref";
import type { ServedResources } from "../../../served-resource.ts";
import { follow } from "../../../store/follow.ts";
import { Blindness } from "../../match/blindness.ts";
import { ByAction } from "../../match/by-action.ts";
import { isExempt } from "../../match/rules.ts";
import { type Binding, type ConcernedPolicy, type Policy, PolicySet } from "./policy-set.ts";

export class PolicyRegistry<P extends Policy, B extends Binding, C> {
  readonly byAction: ByAction<ConcernedPolicy<P, B, C>>;
  readonly blindness: Blindness;
  readonly #served: ServedResources;
  readonly #compile: (policy: P) => C;
  readonly #ofApi: PolicySet<P, B, C>;
  #ofFiles: PolicySet<P, B, C>;

  constructor(served: ServedResources, policies: ResourceRef<P>, bindings: ResourceRef<B>, compile: (policy: P) => C) {
    this.blindness = new Blindness(served, policies, bindings);
    this.#served = served;
    this.#compile = compile;
    this.#ofApi = new PolicySet(served, compile);
    this.#ofFiles = new PolicySet(served, compile);
    this.byAction = new ByAction(
      served,
      () => this.#ofApi.isIdle && this.#ofFiles.isIdle,
      (action) => [
        ...this.#ofFiles.concernedBy(action),
        ...(isExempt(action.resource) ? [] : this.#ofApi.concernedBy(action)),
      ],
    );
    follow(served, policies, (name, now) => {
      this.#ofApi.setPolicy(name, now);
      this.byAction.clear();
    });
    follow(served, bindings, (name, now, old) => {
      this.#ofApi.setBinding(name, now, old);
      this.byAction.clear();
    });
  }

  /** These are the policies and bindings of files from now on. */
  useManifests(policies: readonly P[], bindings: readonly B[]): void {
    this.#ofFiles = new PolicySet(this.#served, this.#compile);
    for (const policy of policies) this.#ofFiles.setPolicy(policy.metadata.name, policy);
    for (const binding of bindings) this.#ofFiles.setBinding(binding.metadata.name, binding, undefined);
    this.byAction.clear();
  }
}
