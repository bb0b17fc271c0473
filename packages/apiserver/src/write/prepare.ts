/** Defaults, and the way between the version of a request and the stored one. */
import { fillDefaults as fillSchemaDefaults } from "@kubets/api/codec/defaults";
import type { Draft, KubeObject, PlainObject } from "@kubets/api/meta";
import type { ResourceDefinition } from "@kubets/api/resource";

/** What the schema declares, then what the kind's own function says. */
export function fillDefaults(definition: ResourceDefinition, object: Draft<KubeObject>): void {
  fillSchemaDefaults(definition.schema, object as unknown as PlainObject);
  definition.defaults?.(object);
}

export function toHub({ hub }: ResourceDefinition, object: KubeObject): KubeObject {
  return hub ? (hub.toHub(object) as KubeObject) : object;
}
