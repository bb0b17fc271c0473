/**
 * Who owns what: owner references, and the rules by which an object takes its dependents in (adopts) and lets them go (releases).
 * Holds: an object has at most one controller; who is being deleted takes nothing in and lets nothing go; before the first adoption
 * the owner is read anew from the server, as the cache may not yet know that it is going.
 */
import type { OwnerReference } from "@kubets/api/generated/types/meta-v1";
import type { KubeObject } from "@kubets/api/meta";
import { parseGroupVersion, type ResourceRef } from "@kubets/api/resource-ref";
import { isReason } from "@kubets/machinery";
import type { Client, ObjectKey } from "./client.ts";

/** The owner reference of an object's controller. */
export const controllerOf = ({ metadata }: KubeObject): OwnerReference | undefined =>
  metadata.ownerReferences?.find((reference) => reference.controller);

export const isControlledBy = (object: KubeObject, owner: KubeObject): boolean =>
  controllerOf(object)?.uid === owner.metadata.uid;

/** The reference that makes `owner` the controller of what carries it, and delays the owner's foreground deletion. */
export const controllerReference = (owner: KubeObject): OwnerReference => ({
  apiVersion: owner.apiVersion,
  kind: owner.kind,
  name: owner.metadata.name,
  uid: owner.metadata.uid,
  controller: true,
  blockOwnerDeletion: true,
});

/** A reference to one owner of several: the object goes when the last of them has gone. */
export const ownerReference = ({ apiVersion, kind, metadata: { name, uid } }: KubeObject): OwnerReference => ({
  apiVersion,
  kind,
  name,
  uid,
});

/** Whether a reference points at an object of this resource, in any version. */
export const refersTo = (reference: OwnerReference, ref: ResourceRef): boolean =>
  reference.kind === ref.kind && parseGroupVersion(reference.apiVersion).group === ref.group;

export type Claim = "keep" | "adopt" | "release" | "ignore";

/** What an owner does about an object that matches its selector, or not. */
export function claimOf(owner: KubeObject, object: KubeObject, matches: boolean): Claim {
  const going = owner.metadata.deletionTimestamp !== undefined;
  const controller = controllerOf(object);
  if (controller) {
    if (controller.uid !== owner.metadata.uid) return "ignore";
    if (matches) return "keep";
    return going ? "ignore" : "release";
  }
  const adoptable = matches && !going && object.metadata.deletionTimestamp === undefined;
  return adoptable && sameNamespace(owner, object) ? "adopt" : "ignore";
}

export interface ClaimOptions<O extends KubeObject, T extends KubeObject> {
  readonly client: Pick<Client, "get" | "patch">;
  readonly owner: O;
  readonly ownerRef: ResourceRef<O>;
  readonly objects: readonly T[];
  readonly ref: ResourceRef<T>;
  /** Whether the owner's selector matches, and whatever else must be so. */
  matches(object: T): boolean;
  /** Comes with the adoption, and goes with the release. */
  readonly finalizer?: string;
}

/** Adopts and releases; the objects that are the owner's after it. Throws after having tried them all. */
export async function claimObjects<O extends KubeObject, T extends KubeObject>(
  options: ClaimOptions<O, T>,
): Promise<T[]> {
  const { client, owner, objects, ref, finalizer } = options;
  const claimed: T[] = [];
  const errors = new Set<unknown>();
  let checked: Promise<void> | undefined;
  for (const object of objects) {
    try {
      const claim = claimOf(owner, object, options.matches(object));
      if (claim === "adopt") {
        checked ??= mayAdopt(options);
        await checked;
        if (await changed(client.patch(ref, keyIn(object), adoption(owner, object, finalizer)))) claimed.push(object);
      } else if (claim === "release")
        await changed(client.patch(ref, keyIn(object), releasing(owner, object, finalizer)));
      else if (claim === "keep") claimed.push(object);
    } catch (error) {
      errors.add(error);
    }
  }
  const [first, ...more] = errors;
  if (more.length > 0)
    throw new AggregateError(errors, `could not claim all ${ref.resource} of ${owner.metadata.name}`);
  if (errors.size > 0) throw first;
  return claimed;
}

async function mayAdopt<O extends KubeObject>({
  client,
  owner,
  ownerRef,
}: Pick<ClaimOptions<O, KubeObject>, "client" | "owner" | "ownerRef">) {
  const fresh = await client.get(ownerRef, keyIn(owner));
  const { name, uid } = owner.metadata;
  if (fresh.metadata.uid !== uid)
    throw new Error(`original ${owner.kind} ${name} is gone: got uid ${fresh.metadata.uid}, wanted ${uid}`);
  if (fresh.metadata.deletionTimestamp)
    throw new Error(`${name} has just been deleted at ${fresh.metadata.deletionTimestamp}`);
}

/** False when the object has gone or become another meanwhile: then there is nothing to do. */
async function changed(patched: Promise<unknown>): Promise<boolean> {
  try {
    await patched;
    return true;
  } catch (error) {
    if (isReason(error, "NotFound") || isReason(error, "Invalid")) return false;
    throw error;
  }
}

/** The uid in a patch makes it fail on another object of the same name. */
const adoption = (owner: KubeObject, { metadata: { uid } }: KubeObject, finalizer?: string) =>
  ({
    type: "strategic",
    body: {
      metadata: { ownerReferences: [controllerReference(owner)], uid, ...(finalizer && { finalizers: [finalizer] }) },
    },
  }) as const;

const releasing = (owner: KubeObject, { metadata: { uid } }: KubeObject, finalizer?: string) =>
  ({
    type: "strategic",
    body: {
      metadata: {
        ownerReferences: [{ $patch: "delete", uid: owner.metadata.uid }],
        uid,
        ...(finalizer && { "$deleteFromPrimitiveList/finalizers": [finalizer] }),
      },
    },
  }) as const;

const sameNamespace = (owner: KubeObject, object: KubeObject): boolean =>
  !owner.metadata.namespace || owner.metadata.namespace === object.metadata.namespace;

const keyIn = ({ metadata: { namespace, name } }: KubeObject): ObjectKey =>
  namespace ? { namespace, name } : { name };
