/** Makes a resource definition from its reference and what is particular; everything else is what almost all resources have. */
import { clone } from "@kubets/machinery/clone";
import type { Draft, KubeObject } from "./meta.ts";
import { allVerbs, type PartStrategy, type ResourceDefinition } from "./resource.ts";
import type { ResourceRef } from "./resource-ref.ts";
import { type Struct, structOf } from "./schema.ts";

/** Groups whose types stand in a package of another name than the group's first word. */
const TYPE_PACKAGES: Record<string, string> = {
  "": "api.core",
  "apiextensions.k8s.io": "apiextensions-apiserver.pkg.apis.apiextensions",
  "apiregistration.k8s.io": "kube-aggregator.pkg.apis.apiregistration",
  "internal.apiserver.k8s.io": "api.apiserverinternal",
};

/** The name in the tables of a built-in kind: ("apps", "v1", "Deployment") -> "api.apps.v1.Deployment". */
export function typeName(group: string, version: string, kind: string): string {
  return `${TYPE_PACKAGES[group] ?? `api.${group.split(".")[0]}`}.${version}.${kind}`;
}

type Particular<T extends KubeObject> = Partial<Omit<ResourceDefinition<T>, keyof ResourceRef>>;

export function define<T extends KubeObject>(
  ref: ResourceRef<T>,
  particular: Particular<NoInfer<T>> = {},
): ResourceDefinition<T> {
  let schema: Struct | undefined;
  return {
    ...ref,
    singular: ref.kind.toLowerCase(),
    verbs: allVerbs,
    storagePrefix: `/registry/${ref.resource}`,
    get schema() {
      return (schema ??= structOf(typeName(ref.group, ref.version, ref.kind)));
    },
    ...particular,
  };
}

/** A status subresource: an update through it keeps everything of the old object but its status. */
export function statusPart<T extends KubeObject>(
  more: Partial<PartStrategy<T>> = {},
): PartStrategy<T> & { readonly type: "status" } {
  return { type: "status", part: ["status"], prepareForUpdate: keepAllBut("status"), ...more };
}

/** Puts back every part of the old object but one, and all of the metadata that only the main resource may change. */
export function keepAllBut<T extends KubeObject>(part: string): (object: Draft<T>, old: T) => void {
  return (object, old) => {
    const draft = object as Record<string, unknown>;
    const before = old as unknown as Record<string, unknown>;
    for (const key in draft) if (key !== part && key !== "metadata" && !(key in before)) delete draft[key];
    for (const key in before) if (key !== part && key !== "metadata") assign(draft, key, before[key]);
  };
}

/** Resets a part to what it was, for the hooks of the main resource: clients set no status there. */
export function keepPart<T extends KubeObject>(object: Draft<T>, old: T, part: string): void {
  assign(object as Record<string, unknown>, part, (old as unknown as Record<string, unknown>)[part]);
}

function assign(target: Record<string, unknown>, key: string, value: unknown): void {
  if (value === undefined) delete target[key];
  else target[key] = clone(value);
}
