/** The metadata of objects on their way in: what the server sets, and what a client may not. */
import type { Draft, KubeObject } from "@kubets/api/meta";
import { badRequest, generateName } from "@kubets/machinery";
import { deepEqual } from "@kubets/machinery/deep-equal";
import type { ApiCall } from "../api-call.ts";
import { timestamp } from "./context.ts";

/** The namespace of a body is that of the path, said or not. */
export function checkNamespace({ info, resource }: ApiCall, { metadata }: Draft<KubeObject>): void {
  if (!resource.definition.namespaced) {
    // Custom objects that are in none lose it.
    if (resource.definition.isCustom) delete metadata.namespace;
    else if (metadata.namespace) throw badRequest("namespace field must not be set for cluster-scoped resources");
    return;
  }
  if (!metadata.namespace) metadata.namespace = info.namespace;
  else if (metadata.namespace !== info.namespace)
    throw badRequest("the namespace of the provided object does not match the namespace sent on the request");
}

/** A body names the object that the path names. */
export function checkName(said: string | undefined, name: string): void {
  if (!said)
    throw badRequest(`the name of the object (${name} based on URL) was undeterminable: name must be provided`);
  if (said !== name) throw badRequest(`the name of the object (${said}) does not match the name on the URL (${name})`);
}

/** Takes from a new object what only the server sets. */
export function beginMetadata({ info }: ApiCall, { metadata }: Draft<KubeObject>): void {
  if (metadata.resourceVersion && metadata.resourceVersion !== "0")
    throw badRequest("resourceVersion should not be set on objects to be created");
  if (!metadata.name && info.name) metadata.name = info.name;
  const set = metadata as Partial<typeof metadata>;
  delete set.uid;
  delete set.creationTimestamp;
  delete set.resourceVersion;
  delete set.deletionTimestamp;
  delete set.deletionGracePeriodSeconds;
  delete set.selfLink;
}

/** Gives a new object what it is known by. Mutating admission has not seen it: it may still change the name. */
export function giveIdentity({ server }: ApiCall, { metadata }: Draft<KubeObject>): void {
  if (!metadata.name && metadata.generateName) metadata.name = generateName(server.random, metadata.generateName);
  metadata.uid = server.random.uuid();
  metadata.creationTimestamp = timestamp(server.clock.now());
}

/** Owners that stand twice are told of and kept once. */
export function dropDoubleOwners({ warnings }: ApiCall, { metadata }: Draft<KubeObject>): void {
  const owners = metadata.ownerReferences;
  if (!owners || owners.length < 2) return;
  const kept = owners.filter((owner, i) => !owners.slice(0, i).some((other) => deepEqual(owner, other)));
  if (kept.length === owners.length) return;
  const doubles = new Set(owners.filter((owner) => !kept.includes(owner)).map(({ uid }) => uid));
  warnings.push(
    `.metadata.ownerReferences contains duplicate entries; API server dedups owner references in 1.20+, and may reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed: ${[...doubles].join(", ")}`,
  );
  metadata.ownerReferences = kept;
}

/** Puts back what an update cannot change, and fills in what it may leave out; what it may not say is told by validation. */
export function keepMetadata({ metadata }: Draft<KubeObject>, { metadata: old }: KubeObject): void {
  metadata.uid ||= old.uid;
  metadata.creationTimestamp = old.creationTimestamp;
  if (old.deletionTimestamp !== undefined) metadata.deletionTimestamp = old.deletionTimestamp;
  if (old.deletionGracePeriodSeconds !== undefined)
    metadata.deletionGracePeriodSeconds ??= old.deletionGracePeriodSeconds;
  if (old.generation === undefined) delete metadata.generation;
  else metadata.generation = old.generation;
  delete metadata.selfLink;
}
