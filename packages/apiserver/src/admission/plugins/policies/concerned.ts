/** From what may concern an action to what concerns this very request: which policy by which binding with which parameters, and what cannot be carried out. */
import type { KubeObject } from "@kubets/api/meta";
import type { ResourceDefinition } from "@kubets/api/resource";
import { StatusError } from "@kubets/machinery";
import type { ServedResource } from "../../../served-resource.ts";
import { targetOf } from "../../match/match-resources.ts";
import type { AdmissionContext, AdmissionRequest } from "../../plugin.ts";
import { ConfigurationError, NO_PARAMS, paramResource, paramsOf } from "./params.ts";
import type { Binding, ConcernedPolicy, Policy } from "./policy-set.ts";

/** A policy that is to be carried out, once for each of the parameters. */
export interface Invocation<P extends Policy, B extends Binding, C> {
  readonly policy: P;
  readonly compiled: C;
  readonly binding: B;
  readonly target: ResourceDefinition;
  readonly params: readonly (KubeObject | undefined)[];
}

/** Why a policy, or one binding of it, cannot be carried out. */
interface Misconfigured<P extends Policy, B extends Binding> {
  readonly policy: P;
  readonly binding?: B;
  readonly why: string;
}

type Concern<P extends Policy, B extends Binding, C> =
  | { readonly invocation: Invocation<P, B, C>; readonly misconfigured?: undefined }
  | { readonly invocation?: undefined; readonly misconfigured: Misconfigured<P, B> };

export function* concerns<P extends Policy, B extends Binding, C>(
  candidates: readonly ConcernedPolicy<P, B, C>[],
  request: AdmissionRequest,
  context: AdmissionContext,
): Generator<Concern<P, B, C>> {
  for (const { policy, compiled, match, bindings } of candidates) {
    const { paramKind } = policy.spec;
    const found = attempt("failed to configure policy", () => {
      const target = targetOf(match, request, context.view);
      return target && { target, params: paramKind && paramResource(paramKind, context.served) };
    });
    if (found.why !== undefined) yield { misconfigured: { policy, why: found.why } };
    if (!found.value) continue;
    const { target, params: kind } = found.value;
    for (const { binding, match: ofBinding } of bindings) {
      const { why, value } = attempt("failed to configure binding", () =>
        ofBinding && !targetOf(ofBinding, request, context.view) ? undefined : paramsFor(kind, binding, request),
      );
      if (why !== undefined) yield { misconfigured: { policy, binding, why } };
      else if (value) yield { invocation: { policy, compiled: compiled(), binding, target, params: value } };
    }
  }
}

const paramsFor = (
  kind: ServedResource | undefined,
  { spec: { paramRef } }: Binding,
  { namespace }: AdmissionRequest,
) => (kind && paramRef ? paramsOf(kind, paramRef, namespace) : NO_PARAMS);

function attempt<T>(what: string, run: () => T): { value?: T; why?: undefined } | { value?: undefined; why: string } {
  try {
    return { value: run() };
  } catch (error) {
    if (error instanceof ConfigurationError || error instanceof StatusError)
      return { why: `${what}: ${error.message}` };
    throw error;
  }
}
