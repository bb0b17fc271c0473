/** What policies note for the audit log: violations where a binding asks for that, and values under keys of their own. Published once for a request. */
import type { AdmissionRequest } from "../../plugin.ts";
import type { Decision } from "./validations.ts";

interface NotedFailure {
  readonly policy: string;
  readonly binding: string;
  readonly decision: Decision;
  readonly actions: readonly string[];
}

const FAILURES = "validation.policy.admission.k8s.io/validation_failure";

export class AuditNotes {
  readonly #failures: object[] = [];
  readonly #values = new Map<string, Set<string>>();

  failure({ policy, binding, decision, actions }: NotedFailure): void {
    this.#failures.push({
      message: decision.message,
      policy,
      binding,
      expressionIndex: decision.index,
      validationActions: actions,
    });
  }

  annotation(policy: string, key: string, value: string): void {
    const name = `${policy}/${key}`;
    const values = this.#values.get(name);
    if (values) values.add(value);
    else this.#values.set(name, new Set([value]));
  }

  publish(request: AdmissionRequest): void {
    if (this.#failures.length) request.annotate(FAILURES, JSON.stringify(this.#failures));
    for (const [name, values] of this.#values) request.annotate(name, [...values].join(", "));
  }
}
