/** Calls admission for the write of a call. */
import type { Draft, KubeObject, PlainObject } from "@kubets/api/meta";
import type { AdmissionRequest, Operation } from "../admission/plugin.ts";
import { Rounds } from "../admission/rounds.ts";
import { type ApiCall } from "../api-call.ts";

/** The mutating plugins. What the server does as a part of a request that they have seen is not shown to them again. */
export function admit(
  call: ApiCall,
  operation: Operation,
  object: Draft<KubeObject> | undefined,
  old: KubeObject | undefined,
  options?: unknown,
) {
  if (call.isPart) return undefined;
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
  if (call.isPart) return undefined;
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
    isLarge: call.isLarge,
    options,
    operationOptions: () => operationOptions(call, operation, options),
    deadline: call.exchange.deadline,
    rounds: new Rounds(),
    warn: (text) => {
      if (!warnings.includes(text)) warnings.push(text);
    },
    annotate: (key, value, from) => call.exchange.audit?.annotate(key, value, from),
  };
}

const OPTIONS = { CREATE: "CreateOptions", UPDATE: "UpdateOptions", DELETE: "DeleteOptions" } as const;

function operationOptions(
  { info: { query } }: ApiCall,
  operation: Operation,
  options: unknown,
): PlainObject | undefined {
  if (operation === "CONNECT") return undefined;
  const kind = { kind: OPTIONS[operation], apiVersion: "meta.k8s.io/v1" };
  if (operation === "DELETE") return { ...(options as PlainObject), ...kind };
  const [fieldManager, fieldValidation] = [query.get("fieldManager"), query.get("fieldValidation")];
  return {
    ...kind,
    ...(query.has("dryRun") && { dryRun: query.getAll("dryRun") }),
    ...(fieldManager && { fieldManager }),
    ...(fieldValidation && { fieldValidation }),
  };
}
