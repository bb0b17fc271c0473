/** What many plugins ask of a request, and how they refuse it. */
import type { KubeObject } from "@kubets/api/meta";
import { groupResource, type ResourceDefinition } from "@kubets/api/resource";
import type { ResourceRef } from "@kubets/api/resource-ref";
import { forbidden, type StatusError } from "@kubets/machinery";
import type { AdmissionRequest } from "./plugin.ts";

/** The resource itself in any of its versions, not a subresource of it. */
export const isWhole = (ref: ResourceRef, resource: ResourceDefinition, subresource: string): boolean =>
  subresource === "" && resource.resource === ref.resource && resource.group === ref.group;

export const refuse = (request: AdmissionRequest, why: string): StatusError =>
  forbidden(groupResource(request.resource), request.name || request.object?.metadata.generateName || "Unknown", why);

/** As one message, in the form in which the original joins several. */
export const joined = (messages: readonly string[]): string => {
  const different = [...new Set(messages)];
  return different.length === 1 ? (different[0] as string) : `[${different.join(", ")}]`;
};

/** Which of several defaults counts: the one made last, and of those the first by name. */
export function newestFirst(a: KubeObject, b: KubeObject): number {
  const [made, other] = [a.metadata.creationTimestamp, b.metadata.creationTimestamp];
  if (made !== other) return made > other ? -1 : 1;
  return a.metadata.name < b.metadata.name ? -1 : 1;
}
