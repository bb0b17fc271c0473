/** The one list of all built-in resources. */
import { configMapResource } from "./core/configmap.ts";
import type { KubeObject } from "./meta.ts";
import type { ResourceDefinition } from "./resource.ts";

export const builtInResources: readonly ResourceDefinition[] = [configMapResource].map(erase);

/** A definition of one kind as one of any kind: the road hands each only its own objects. */
function erase<T extends KubeObject>(definition: ResourceDefinition<T>): ResourceDefinition {
  return definition as unknown as ResourceDefinition;
}
