/** Which writes quotas count. */
import { persistentvolumeclaims, services } from "@kubets/api/generated/refs";
import type { ResourceDefinition } from "@kubets/api/resource";
import type { Operation } from "../../plugin.ts";

/** What is counted again when it changes. */
const CHANGES = new Set([services.resource, persistentvolumeclaims.resource]);

export function isCounted(
  operation: Operation,
  { group, resource, verbs }: ResourceDefinition,
  subresource: string,
): boolean {
  if (resource === "events" || !verbs.includes("list")) return false;
  if (subresource !== "")
    return group === "" && resource === "pods" && subresource === "resize" && operation === "UPDATE";
  return operation === "CREATE" || (group === "" && CHANGES.has(resource));
}
