/** The pod, or one of its containers, as events name them. */
import type { Pod } from "@kubets/api/generated/types/core-v1";
import type { ObjectToldOf } from "@kubets/client/event-recorder";

const LISTS = [
  ["spec.containers", "containers"],
  ["spec.initContainers", "initContainers"],
  ["spec.ephemeralContainers", "ephemeralContainers"],
] as const;

export function fieldPathOf(pod: Pod, container: string): ObjectToldOf {
  const list = LISTS.find(([, key]) => pod.spec[key]?.some(({ name }) => name === container));
  const { namespace, name, uid, resourceVersion } = pod.metadata;
  const of = { kind: "Pod", apiVersion: "v1", namespace, name, uid, resourceVersion };
  return list ? { ...of, fieldPath: `${list[0]}{${container}}` } : of;
}
