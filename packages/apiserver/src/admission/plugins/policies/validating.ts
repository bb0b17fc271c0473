/** Without it an organisation's rules would need a server of their own. What the expressions of policies do not allow is refused, warned of, or noted. */
import { validatingadmissionpolicies, validatingadmissionpolicybindings } from "@kubets/api/generated/refs";
import type {
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
} from "@kubets/api/generated/types/admissionregistration-v1";
import type { ResourceDefinition } from "@kubets/api/resource";
import type { Activation } from "@kubets/cel";
import type { PolicyOutcome } from "../../../metrics/admission-metrics.ts";
import type { PluginConfiguration } from "../../configuration.ts";
import { activationOf, withParams } from "../../expressions/activation.ts";
import { conditionsHold } from "../../expressions/conditions.ts";
import { Evaluation } from "../../expressions/evaluation.ts";
import { BudgetSpent } from "../../expressions/run.ts";
import { policyManifests } from "../../manifests/configuration.ts";
import type { AdmissionContext, AdmissionPlugin, AdmissionRequest } from "../../plugin.ts";
import { refuse } from "../../request.ts";
import { AuditNotes } from "./audit-notes.ts";
import { type CompiledValidatingPolicy, compileValidatingPolicy } from "./compile.ts";
import { concerns, type Invocation } from "./concerned.ts";
import { PolicyRegistry } from "./registry.ts";
import { type Decided, type Decision, decide } from "./validations.ts";

type Registry = PolicyRegistry<ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding, CompiledValidatingPolicy>;
type Validating = Invocation<ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding, CompiledValidatingPolicy>;

/** What is refused, by which policy. */
interface Denial {
  readonly policy: string;
  readonly binding: string | undefined;
  readonly decision: Pick<Decision, "message" | "reason">;
}

const NAME = "ValidatingAdmissionPolicy";

export function validatingAdmissionPolicy(given?: PluginConfiguration): AdmissionPlugin {
  const manifests = policyManifests(NAME, given, [validatingadmissionpolicies, validatingadmissionpolicybindings]);
  let registry: Registry | undefined;
  let unfollow: (() => void) | undefined;
  return {
    name: NAME,
    start(context) {
      const policies = new PolicyRegistry(
        context.served,
        validatingadmissionpolicies,
        validatingadmissionpolicybindings,
        compileValidatingPolicy,
      );
      unfollow = manifests?.follow(context, (found) =>
        policies.useManifests(found.of(validatingadmissionpolicies), found.of(validatingadmissionpolicybindings)),
      );
      registry = policies;
    },
    close: () => unfollow?.(),
    isFlexible: true,
    handles: (operation, resource, subresource) =>
      registry !== undefined &&
      (registry.blindness.concerns(resource) || registry.byAction.of(operation, resource, subresource).length > 0),
    validate: (request, context) => judge(registry, request, context),
  };
}

async function judge(
  registry: Registry | undefined,
  request: AdmissionRequest,
  context: AdmissionContext,
): Promise<void> {
  registry?.blindness.check(request);
  const candidates = registry?.byAction.of(request.operation, request.resource, request.subresource) ?? [];
  const denials: Denial[] = [];
  const notes = new AuditNotes();
  const activations = new Map<ResourceDefinition, Promise<Activation>>();
  const shown = (target: ResourceDefinition) => {
    const known = activations.get(target) ?? activationOf(request, target, context);
    activations.set(target, known);
    return known;
  };
  for (const { invocation, misconfigured } of concerns(candidates, request, context)) {
    if (invocation) denials.push(...(await carryOut(invocation, request, shown, notes, context)));
    else if (misconfigured.policy.spec.failurePolicy !== "Ignore")
      denials.push({
        policy: misconfigured.policy.metadata.name,
        binding: misconfigured.binding?.metadata.name,
        decision: { message: misconfigured.why },
      });
  }
  notes.publish(request);
  if (denials[0]) throw denied(request, denials[0]);
}

/** Warns and notes as the binding says; gives what is refused. */
async function carryOut(
  { policy, compiled, binding, target, params }: Validating,
  request: AdmissionRequest,
  shown: (target: ResourceDefinition) => Promise<Activation>,
  notes: AuditNotes,
  context: AdmissionContext,
): Promise<Denial[]> {
  const names = { policy: policy.metadata.name, binding: binding.metadata.name };
  const actions = binding.spec.validationActions ?? [];
  const denials: Denial[] = [];
  for (const param of params) {
    const activation = withParams(await shown(target), param);
    const began = performance.now();
    const { decisions, annotations } = await evaluatePolicy(policy, compiled, request, activation, context);
    const seconds = (performance.now() - began) / 1000;
    const check = { policy: names.policy, binding: names.binding, errorType: "no_error", seconds } as const;
    for (const outcome of outcomesOf(decisions, actions)) context.metrics.policy({ ...check, outcome });
    for (const decision of decisions) {
      if (actions.includes("Deny")) denials.push({ ...names, decision });
      if (actions.includes("Warn"))
        request.warn(
          `Validation failed for ValidatingAdmissionPolicy '${names.policy}' with binding '${names.binding}': ${decision.message}`,
        );
      if (actions.includes("Audit")) notes.failure({ ...names, decision, actions });
    }
    for (const { key, value } of annotations) notes.annotation(names.policy, key, value);
  }
  return denials;
}

/** What a policy did to a request. */
const outcomesOf = (decisions: readonly Decision[], actions: readonly string[]): readonly PolicyOutcome[] =>
  decisions.length === 0 ? ["allow"] : actions.map((action) => action.toLowerCase() as PolicyOutcome);

async function evaluatePolicy(
  { metadata, spec }: ValidatingAdmissionPolicy,
  compiled: CompiledValidatingPolicy,
  request: AdmissionRequest,
  activation: Activation,
  { metrics }: AdmissionContext,
): Promise<Decided> {
  const failing = (message: string) => ({
    decisions: spec.failurePolicy === "Ignore" ? [] : [{ index: 0, message }],
    annotations: [],
  });
  const began = performance.now();
  const hold = await conditionsHold(compiled.conditions, request, () => activation);
  if (compiled.conditions.texts.length > 0) {
    const asked = { name: metadata.name, type: "validating", operation: request.operation } as const;
    metrics.conditions("policy", asked, hold, (performance.now() - began) / 1000);
  }
  if (typeof hold === "string") return failing(hold);
  if (!hold) return { decisions: [], annotations: [] };
  try {
    return await decide(compiled, spec.failurePolicy, new Evaluation(request, activation, compiled.expressions));
  } catch (error) {
    if (error instanceof BudgetSpent) return failing(error.message);
    throw error;
  }
}

const CODES: Readonly<Record<string, number>> = { Forbidden: 403, Unauthorized: 401, RequestEntityTooLarge: 413 };

function denied(request: AdmissionRequest, { policy, binding, decision }: Denial) {
  const bound = binding === undefined ? "" : ` with binding '${binding}'`;
  const message = `ValidatingAdmissionPolicy '${policy}'${bound} denied request: ${decision.message}`;
  const error = refuse(request, message);
  const reason = decision.reason ?? "Invalid";
  Object.assign(error.status, { reason, code: CODES[reason] ?? 422 });
  error.status.details = { ...error.status.details, causes: [{ message }] };
  return error;
}
