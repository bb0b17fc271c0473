/** Without it filling in what objects lack would need a server of one's own. Policies change the object one after the other, each what those before it left. */
import { mutatingadmissionpolicies, mutatingadmissionpolicybindings } from "@kubets/api/generated/refs";
import type {
  MutatingAdmissionPolicy,
  MutatingAdmissionPolicyBinding,
} from "@kubets/api/generated/types/admissionregistration-v1";
import type { KubeObject, PlainObject } from "@kubets/api/meta";
import { deepEqual } from "@kubets/machinery/deep-equal";
import type { PluginConfiguration } from "../../configuration.ts";
import { activationOf, withParams } from "../../expressions/activation.ts";
import { conditionsHold } from "../../expressions/conditions.ts";
import { Evaluation } from "../../expressions/evaluation.ts";
import { BudgetSpent } from "../../expressions/run.ts";
import { policyManifests } from "../../manifests/configuration.ts";
import { putBack, review } from "../../match/reviewed.ts";
import type { AdmissionContext, AdmissionPlugin, AdmissionRequest } from "../../plugin.ts";
import { refuse } from "../../request.ts";
import type { Turns } from "../../rounds.ts";
import { type CompiledMutatingPolicy, compileMutatingPolicy } from "./compile.ts";
import { concerns, type Invocation } from "./concerned.ts";
import { MutationError, mutated } from "./mutations.ts";
import { PolicyRegistry } from "./registry.ts";

const NAME = "MutatingAdmissionPolicy";

type Registry = PolicyRegistry<MutatingAdmissionPolicy, MutatingAdmissionPolicyBinding, CompiledMutatingPolicy>;
type Mutating = Invocation<MutatingAdmissionPolicy, MutatingAdmissionPolicyBinding, CompiledMutatingPolicy>;

export function mutatingAdmissionPolicy(given?: PluginConfiguration): AdmissionPlugin {
  const manifests = policyManifests(NAME, given, [mutatingadmissionpolicies, mutatingadmissionpolicybindings]);
  let registry: Registry | undefined;
  let unfollow: (() => void) | undefined;
  return {
    name: NAME,
    start(context) {
      const policies = new PolicyRegistry(
        context.served,
        mutatingadmissionpolicies,
        mutatingadmissionpolicybindings,
        compileMutatingPolicy,
      );
      unfollow = manifests?.follow(context, (found) =>
        policies.useManifests(found.of(mutatingadmissionpolicies), found.of(mutatingadmissionpolicybindings)),
      );
      registry = policies;
    },
    close: () => unfollow?.(),
    isFlexible: true,
    handles: (operation, resource, subresource) =>
      registry !== undefined &&
      (registry.blindness.concerns(resource) || registry.byAction.of(operation, resource, subresource).length > 0),
    async mutate(request, context) {
      registry?.blindness.check(request);
      const candidates = registry?.byAction.of(request.operation, request.resource, request.subresource) ?? [];
      const turns = request.rounds.turnsOf(NAME);
      turns.begin(request.object);
      const failures: string[] = [];
      // What concerns the request is settled before the first policy changes it.
      const all = [...concerns(candidates, request, context)];
      for (const { invocation, misconfigured } of all) {
        const { policy, binding } = invocation ?? misconfigured;
        const bound = binding
          ? `policy '${policy.metadata.name}' with binding '${binding.metadata.name}'`
          : `policy ${JSON.stringify(policy.metadata.name)}`;
        const began = performance.now();
        const errors = invocation ? await carryOut(invocation, request, context, turns) : [misconfigured.why];
        context.metrics.policy({
          policy: policy.metadata.name,
          binding: binding?.metadata.name ?? "",
          outcome: "mutate",
          errorType: errors.length ? "invalid_error" : "no_error",
          seconds: (performance.now() - began) / 1000,
        });
        if (policy.spec.failurePolicy !== "Ignore")
          failures.push(...errors.map((why) => `${bound} denied request: ${why}`));
      }
      turns.end(request.object);
      if (failures.length) throw denied(request, failures);
    },
  };
}

/** Carries out a policy for each of its parameters; gives what went wrong. */
async function carryOut(
  invocation: Mutating,
  request: AdmissionRequest,
  context: AdmissionContext,
  turns: Turns,
): Promise<string[]> {
  const { policy, compiled, binding, target, params } = invocation;
  const errors: string[] = [];
  for (const param of params) {
    const hold = await conditionsHold(compiled.conditions, request, async () =>
      withParams(await activationOf(request, target, context), param),
    );
    if (typeof hold === "string") errors.push(hold);
    if (hold !== true) continue;
    const id = [policy, binding, param]
      .map((each) => `${each?.metadata.namespace ?? ""}/${each?.metadata.name}`)
      .join();
    if (!turns.isDue(id)) continue;
    let changed = false;
    for (const mutation of compiled.mutations) {
      const outcome = await mutateOnce(invocation, mutation, param, request, context);
      if (typeof outcome === "string") errors.push(outcome);
      else changed ||= outcome;
    }
    turns.had(id, { changed, wantsAnother: policy.spec.reinvocationPolicy === "IfNeeded" });
  }
  return errors;
}

/** Whether it changed the object; a text says what went wrong. */
async function mutateOnce(
  { compiled, target }: Mutating,
  mutation: CompiledMutatingPolicy["mutations"][number],
  param: KubeObject | undefined,
  request: AdmissionRequest,
  context: AdmissionContext,
): Promise<boolean | string> {
  const { object } = await review(request, target);
  if (!object) return false;
  const activation = withParams(await activationOf(request, target, context), param);
  const evaluation = new Evaluation(request, activation, compiled.expressions);
  try {
    const result: PlainObject = await mutated(mutation, object, target.schema, evaluation);
    if (deepEqual(object, result)) return false;
    await putBack(request, target, result);
    return true;
  } catch (error) {
    if (error instanceof MutationError || error instanceof BudgetSpent) return error.message;
    throw error;
  }
}

function denied(request: AdmissionRequest, messages: readonly string[]) {
  const error = refuse(request, "admission request denied by policy");
  Object.assign(error.status, { message: messages[0], reason: "Invalid" });
  error.status.details = { ...error.status.details, causes: messages.map((message) => ({ message })) };
  return error;
}
