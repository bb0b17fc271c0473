/**
 * A resource by name: enough to ask an API server for it, and the type of its objects. Those that are built in stand in
 * generated/refs.ts; one of your own is `customResource<MyKind>({ ... })`.
 */
import type { KubeObject } from "./meta.ts";

export interface ResourceRef<T extends KubeObject = KubeObject> {
  readonly group: string;
  readonly version: string;
  /** The plural name that stands in paths: "pods". */
  readonly resource: string;
  readonly kind: string;
  readonly namespaced: boolean;
  /** Carries the type of the objects; never set. */
  readonly objectType?: T;
}

export function customResource<T extends KubeObject>(ref: ResourceRef<T>): ResourceRef<T> {
  return ref;
}

export const groupVersion = (ref: { group: string; version: string }): string =>
  ref.group ? `${ref.group}/${ref.version}` : ref.version;

/** "apps/v1" -> group "apps", version "v1"; "v1" -> group "", version "v1". */
export function parseGroupVersion(text: string): { group: string; version: string } {
  const slash = text.indexOf("/");
  return slash < 0 ? { group: "", version: text } : { group: text.slice(0, slash), version: text.slice(slash + 1) };
}

/** The path of a collection or, with a name, of one object. */
export function resourcePath(ref: ResourceRef, namespace?: string, name?: string, subresource?: string): string {
  let path = ref.group ? `/apis/${ref.group}/${ref.version}` : `/api/${ref.version}`;
  if (ref.namespaced && namespace) path += `/namespaces/${encodeURIComponent(namespace)}`;
  path += `/${ref.resource}`;
  if (name) path += `/${encodeURIComponent(name)}`;
  return subresource ? `${path}/${subresource}` : path;
}
