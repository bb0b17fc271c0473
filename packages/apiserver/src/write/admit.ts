/** Calls admission for the write of a call. */
import type { Draft, KubeObject } from "@kubets/api/meta";
import type { AdmissionRequest, Operation } from "../admission/plugin.ts";
import { type ApiCall } from "../api-call.ts";

/** The mutating plugins. */
export function admit(
  call: ApiCall,
  operation: Operation,
  object: Draft<KubeObject> | undefined,
  old: KubeObject | undefined,
  options?: unknown,
) {
  return call.server.admission.mutate(admissionRequest(call, operation, object, old, options));
}

/** The validating plugins; quota last. */
export function admitFinally(
  call: ApiCall,
  operation: Operation,
  object: Draft<KubeObject> | undefined,
  old: KubeObject | undefined,
  options?: unknown,
) {
  return call.server.admission.validate(admissionRequest(call, operation, object, old, options));
}

/** Both, for an action: a create of a kind of its own below an object. */
export async function admitAction(call: ApiCall, body: unknown): Promise<void> {
  await admit(call, "CREATE", undefined, undefined, body);
  await admitFinally(call, "CREATE", undefined, undefined, body);
}

function admissionRequest(
  call: ApiCall,
  operation: Operation,
  object: Draft<KubeObject> | undefined,
  old: KubeObject | undefined,
  options: unknown,
): AdmissionRequest {
  const { info, user, resource, warnings } = call;
  return {
    operation,
    resource: resource.definition,
    subresource: info.subresource,
    namespace: info.namespace,
    name: info.name || (object?.metadata.name ?? ""),
    pathName: info.name,
    object,
    old,
    user,
    dryRun: call.dryRun,
    options,
    warn: (text) => warnings.push(text),
  };
}
