/** Defaults, and the way between the version of a request and the stored one. */
import { fillDefaults as fillSchemaDefaults } from "@kubets/api/codec/defaults";
import type { Draft, KubeObject, PlainObject } from "@kubets/api/meta";
import type { PartStrategy, ResourceDefinition, Subresource } from "@kubets/api/resource";

/** What the schema declares, then what the kind's own function says. */
export function fillDefaults(definition: ResourceDefinition, object: Draft<KubeObject>): void {
  fillSchemaDefaults(definition.schema, object as unknown as PlainObject);
  definition.defaults?.(object);
}

/** What is particular to a write: of the resource, or of the part that is written. */
export function strategyOf(
  definition: ResourceDefinition,
  subresource: Subresource | undefined,
): Partial<PartStrategy> {
  return subresource && "prepareForUpdate" in subresource ? subresource : definition;
}

export function fromHub({ hub }: ResourceDefinition, object: KubeObject): KubeObject {
  return hub ? (hub.fromHub(object) as KubeObject) : object;
}

export function toHub({ hub }: ResourceDefinition, object: KubeObject): KubeObject {
  return hub ? (hub.toHub(object) as KubeObject) : object;
}
