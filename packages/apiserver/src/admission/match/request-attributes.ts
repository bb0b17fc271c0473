/** A request in the words of the admission API, as webhooks are told it and expressions see it: all but the objects. */
import { namespaces } from "@kubets/api/generated/refs";
import type { PlainObject } from "@kubets/api/meta";
import type { GroupVersionKind, ResourceDefinition } from "@kubets/api/resource";
import type { AdmissionRequest } from "../plugin.ts";
import { isWhole } from "../request.ts";
import { reviewedKind } from "./reviewed.ts";

export function requestAttributes(request: AdmissionRequest, target: ResourceDefinition): PlainObject {
  const { resource, subresource, operation, name, dryRun } = request;
  const namespace = isWhole(namespaces, resource, "") ? name : request.namespace;
  return {
    kind: kindOf(reviewedKind(request, target)),
    resource: resourceOf(target),
    ...(subresource && { subResource: subresource }),
    requestKind: kindOf(reviewedKind(request, resource)),
    requestResource: resourceOf(resource),
    ...(subresource && { requestSubResource: subresource }),
    ...(name && { name }),
    ...(namespace && { namespace }),
    operation,
    userInfo: userInfo(request),
    dryRun,
    options: request.operationOptions() ?? null,
  };
}

const kindOf = ({ group, version, kind }: GroupVersionKind) => ({ group, version, kind });
const resourceOf = ({ group, version, resource }: ResourceDefinition) => ({ group, version, resource });

function userInfo({ user }: AdmissionRequest): PlainObject {
  const { name, uid, groups, extra } = user;
  return { username: name, ...(uid && { uid }), ...(groups.length && { groups }), ...(extra && { extra }) };
}
