/** Who owns which fields (metadata.managedFields): brought up to date on each write, as server-side apply needs it. */
import { afterUpdate, blank } from "@kubets/api/apply/managed-fields";
import type { Draft, KubeObject } from "@kubets/api/meta";
import { groupVersion } from "@kubets/api/resource-ref";
import type { ApiCall } from "../api-call.ts";
import type { Expected } from "../body.ts";
import { timestamp } from "./context.ts";
import { fromHub, strategyOf, toHub } from "./prepare.ts";

/** Notes the fields that a create or update changed as owned by the caller's manager. */
export function ownFields(call: ApiCall, old: KubeObject | undefined, object: Draft<KubeObject>): void {
  const { definition } = call.resource;
  object.metadata.managedFields = afterUpdate(definition.schema, old, object as KubeObject, {
    ...managerOf(call),
    isLarge: call.isLarge,
    inVersion: (apiVersion) => inVersionOf(call, apiVersion, old, object as KubeObject),
  }) as typeof object.metadata.managedFields;
}

export function managerOf(call: ApiCall) {
  const { info, resource, server } = call;
  const { resetFields } = strategyOf(resource.definition, call.subresource);
  return {
    manager: info.query.get("fieldManager") || managerFromAgent(call.exchange.header("user-agent")),
    apiVersion: groupVersion(resource.definition),
    time: timestamp(server.clock.now()),
    subresource: info.subresource,
    ...(resetFields && { resetFields }),
  };
}

/** Both objects in another version of the resource, for who owns fields of that one. */
function inVersionOf(
  { server, resource }: ApiCall,
  apiVersion: string,
  old: KubeObject | undefined,
  object: KubeObject,
) {
  const slash = apiVersion.indexOf("/");
  const group = slash < 0 ? "" : apiVersion.slice(0, slash);
  const other = server.served.get(group, apiVersion.slice(slash + 1), resource.definition.resource);
  if (!other) return undefined;
  const convert = (from: KubeObject) => fromHub(other.definition, toHub(resource.definition, from));
  const { schema } = other.definition;
  return { struct: schema, old: old ? convert(old) : blank(schema), object: convert(object) };
}

/** A client that names no manager is called by its program: what stands before the first slash. */
function managerFromAgent(userAgent: string | undefined): string {
  const name = (userAgent ?? "").split("/")[0]?.slice(0, 128) ?? "";
  return name === "" ? "unknown" : name;
}

/** The same for a body that is a kind of its own and is stored nowhere: reviews, token requests. */
export function ownFieldsOf(call: ApiCall, { schema, ...kind }: Expected, object: Draft<KubeObject>): void {
  const owner = { ...managerOf(call), apiVersion: groupVersion(kind) };
  object.metadata.managedFields = afterUpdate(schema, undefined, object, owner) as typeof object.metadata.managedFields;
}
