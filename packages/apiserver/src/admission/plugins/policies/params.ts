/** The objects that a binding hands to its policy as parameters. */
import type { ParamKind, ParamRef } from "@kubets/api/generated/types/admissionregistration-v1";
import type { KubeObject } from "@kubets/api/meta";
import { labelSelectorOf } from "@kubets/machinery";
import type { ServedResource, ServedResources } from "../../../served-resource.ts";
import { fromHub } from "../../../write/prepare.ts";

/** Why a policy or a binding cannot be carried out. */
export class ConfigurationError extends Error {}

/** Throws a ConfigurationError when nothing of the kind is served. */
export function paramResource({ apiVersion = "", kind = "" }: ParamKind, served: ServedResources): ServedResource {
  const slash = apiVersion.indexOf("/");
  const resource = served.byKind(slash < 0 ? "" : apiVersion.slice(0, slash), kind, apiVersion.slice(slash + 1));
  if (!resource?.store) {
    const version = slash < 0 ? `/${apiVersion}` : apiVersion;
    throw new ConfigurationError(`failed to find resource referenced by paramKind: '${version}, Kind=${kind}'`);
  }
  return resource;
}

/** Without parameters a policy is carried out once, with none. */
export const NO_PARAMS: readonly undefined[] = [undefined];

export function paramsOf(resource: ServedResource, ref: ParamRef, requestNamespace: string): readonly KubeObject[] {
  const found = select(resource, ref, namespaceOf(resource, ref, requestNamespace));
  if (found.length === 0 && ref.parameterNotFoundAction === "Deny")
    throw new ConfigurationError("no params found for policy binding with `Deny` parameterNotFoundAction");
  return found.map((object) => fromHub(resource.definition, object));
}

function select({ store }: ServedResource, { name, selector }: ParamRef, namespace: string): KubeObject[] {
  if (!store) return [];
  store.mustBeReadable(namespace, name);
  if (name) {
    const found = store.cache.get(namespace ? `${namespace}/${name}` : name);
    return found ? [found.object] : [];
  }
  const wanted = labelSelectorOf(selector ?? {});
  return store.cache
    .list(namespace)
    .filter((cached) => wanted.matches(cached.labels))
    .map((cached) => cached.object);
}

function namespaceOf({ definition }: ServedResource, { namespace }: ParamRef, requestNamespace: string): string {
  if (!definition.namespaced) {
    if (namespace)
      throw new ConfigurationError("paramRef.namespace must not be provided for a cluster-scoped `paramKind`");
    return "";
  }
  if (namespace || requestNamespace) return namespace || requestNamespace;
  throw new ConfigurationError(
    "cannot use namespaced paramRef in policy binding that matches cluster-scoped resources",
  );
}
