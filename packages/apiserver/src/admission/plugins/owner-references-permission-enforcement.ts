/** Without it who may not delete an object could have it deleted, by making it the dependent of something that they delete. */
import type { OwnerReference } from "@kubets/api/generated/types/meta-v1";
import { deepEqual } from "@kubets/machinery";
import type { AccessAttributes } from "../../authz/authorizer.ts";
import type { AdmissionContext, AdmissionPlugin, AdmissionRequest } from "../plugin.ts";
import { refuse } from "../request.ts";

export const ownerReferencesPermissionEnforcement: AdmissionPlugin = {
  name: "OwnerReferencesPermissionEnforcement",
  handles: (operation) => operation === "CREATE" || operation === "UPDATE",
  async validate(request, context) {
    const owners = request.object?.metadata.ownerReferences ?? [];
    const before = request.old?.metadata.ownerReferences ?? [];
    if (deepEqual(owners, before)) return;
    const { group, version, resource } = request.resource;
    const own = {
      group,
      version,
      resource,
      subresource: request.subresource,
      namespace: request.namespace,
      name: request.name,
    };
    const mayDelete = await allows(context, request, { ...own, verb: "delete" });
    if (!mayDelete) throw refuse(request, "cannot set an ownerRef on a resource you can't delete");
    const blocking = owners.filter(
      (owner) => owner.blockOwnerDeletion && !before.some((it) => it.uid === owner.uid && it.blockOwnerDeletion),
    );
    for (const owner of blocking) await checkBlocking(request, context, owner);
  },
};

/** An owner that cannot go before its dependents is one whose deletion somebody else decides. */
async function checkBlocking(
  request: AdmissionRequest,
  context: AdmissionContext,
  owner: OwnerReference,
): Promise<void> {
  const slash = owner.apiVersion.indexOf("/");
  const group = slash < 0 ? "" : owner.apiVersion.slice(0, slash);
  const version = owner.apiVersion.slice(slash + 1);
  const definition = context.definitionOf(group, owner.kind, version);
  if (!definition)
    throw refuse(
      request,
      `cannot set blockOwnerDeletion in this case because cannot find RESTMapping for APIVersion ${owner.apiVersion} Kind ${owner.kind}`,
    );
  const { resource, namespaced } = definition;
  const allowed = await allows(context, request, {
    verb: "update",
    group,
    version,
    resource,
    subresource: "finalizers",
    namespace: namespaced ? request.namespace : "",
    name: owner.name,
  });
  if (!allowed)
    throw refuse(
      request,
      "cannot set blockOwnerDeletion if an ownerReference refers to a resource you can't set finalizers on",
    );
}

type Asked = Omit<AccessAttributes, "user" | "isResource" | "path">;

async function allows({ authorize }: AdmissionContext, { user }: AdmissionRequest, asked: Asked): Promise<boolean> {
  return (await authorize({ ...asked, user, isResource: true, path: "" })).verdict === "allow";
}
