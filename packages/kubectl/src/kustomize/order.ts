/** The order in which objects are given: what others need comes first. */
import { type JsonObject, nameOf, namespaceOf, textAt } from "../json.ts";

const FIRST = [
  "Namespace",
  "ResourceQuota",
  "StorageClass",
  "CustomResourceDefinition",
  "ServiceAccount",
  "PodSecurityPolicy",
  "Role",
  "ClusterRole",
  "RoleBinding",
  "ClusterRoleBinding",
  "ConfigMap",
  "Secret",
  "Endpoints",
  "Service",
  "LimitRange",
  "PriorityClass",
  "PersistentVolume",
  "PersistentVolumeClaim",
  "Deployment",
  "StatefulSet",
  "CronJob",
  "PodDisruptionBudget",
];
const LAST = ["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"];

const rank = (kind: string): number =>
  FIRST.includes(kind) ? FIRST.indexOf(kind) - FIRST.length : LAST.includes(kind) ? 1 + LAST.indexOf(kind) : 0;

const keyOf = (object: JsonObject): string =>
  [textAt(object, "apiVersion"), textAt(object, "kind"), namespaceOf(object), nameOf(object)].join("_");

export function inOrder(objects: readonly JsonObject[]): JsonObject[] {
  return objects.toSorted(
    (a, b) => rank(textAt(a, "kind")) - rank(textAt(b, "kind")) || (keyOf(a) < keyOf(b) ? -1 : 1),
  );
}
