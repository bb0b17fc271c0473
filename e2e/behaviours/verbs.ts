/** What many behaviours ask of a resource in the same words: that all verbs work, and that its status can be read and written. */
import assert from "node:assert/strict";
import type { Input, KubeObject } from "@kubets/api/meta";
import { groupVersion, type ResourceRef, resourcePath } from "@kubets/api/resource-ref";
import type { WatchEvent } from "@kubets/client";
import type { BehaviourContext } from "./context.ts";

const MERGE = { "content-type": "application/merge-patch+json" };

/** A watch from the present on, that can be asked for what it must still see. */
export async function watching<T extends KubeObject>(
  { client, cleanup, eventually }: BehaviourContext,
  ref: ResourceRef<T>,
  namespace: string | undefined,
  labelSelector: string,
) {
  const seen: WatchEvent<T>[] = [];
  const scope = { ...(namespace && { namespace }), labelSelector };
  const { metadata } = await client.list(ref, scope);
  const handle = await client.watch(
    ref,
    { ...scope, resourceVersion: metadata.resourceVersion },
    { events: (batch) => void seen.push(...batch), closed: () => {} },
  );
  cleanup(() => handle.stop());
  return {
    seen,
    expect: (type: WatchEvent<T>["type"], condition: (object: T) => unknown = () => true) =>
      eventually(`a ${type} event of ${ref.resource}`, () =>
        seen.some((event) => event.type === type && condition(event.object)),
      ),
  };
}

/** create, get, list, watch, patch, update, delete and deletecollection, each seen by a watch where it shows; and discovery says so. */
export async function everyVerb<T extends KubeObject>(
  t: BehaviourContext,
  ref: ResourceRef<T>,
  make: (name: string, labels: Record<string, string>) => Input<T>,
): Promise<void> {
  const { client } = t;
  const namespace = ref.namespaced ? t.namespace : undefined;
  const label = t.name("verbs");
  const labelSelector = `behaviour=${label}`;
  const scope = { ...(namespace && { namespace }), labelSelector };
  const names = [1, 2, 3].map(() => t.name("verbs"));
  const key = { ...(namespace && { namespace }), name: names[0] as string };
  const create = (name: string) => client.create(ref, make(name, { behaviour: label }));
  await checkDiscovery(t, ref);
  t.cleanup(() => client.deleteCollection(ref, scope));

  const watch = await watching(t, ref, namespace, labelSelector);
  const made = await create(key.name);
  await watch.expect("ADDED");
  assert.equal((await client.get(ref, key)).metadata.uid, made.metadata.uid);
  assert.equal((await client.list(ref, scope)).items.length, 1);
  if (namespace) assert.equal((await client.list(ref, { labelSelector })).items.length, 1, "in all namespaces");

  const annotated = (value: string) => ({ metadata: { annotations: { behaviour: value } } });
  const patched = await client.patch(ref, key, { type: "merge", body: annotated("patched") });
  assert.equal(patched.metadata.annotations?.behaviour, "patched");
  await watch.expect("MODIFIED", ({ metadata }) => metadata.annotations?.behaviour === "patched");

  await t.eventually("an update without a conflict", async () => {
    const current = await client.get(ref, key);
    const metadata = { ...current.metadata, annotations: { ...current.metadata.annotations, behaviour: "updated" } };
    const answer = await t.request("PUT", resourcePath(ref, namespace, key.name), { ...current, metadata });
    assert.ok([200, 409].includes(answer.status), answer.text);
    return answer.status === 200;
  });
  await watch.expect("MODIFIED", ({ metadata }) => metadata.annotations?.behaviour === "updated");

  await client.delete(ref, key, { propagationPolicy: "Background" });
  await watch.expect("DELETED");
  for (const name of names.slice(1)) await create(name);
  assert.equal((await client.list(ref, scope)).items.length, 2);
  await client.deleteCollection(ref, { ...scope, propagationPolicy: "Background" });
  await t.eventually("all to be gone", async () => (await client.list(ref, scope)).items.length === 0);
}

async function checkDiscovery(t: BehaviourContext, ref: ResourceRef): Promise<void> {
  if (ref.group) {
    const groups = (await t.request("GET", "/apis")).json.groups as { name: string }[];
    assert.ok(
      groups.some(({ name }) => name === ref.group),
      `/apis names ${ref.group}`,
    );
    const group = (await t.request("GET", `/apis/${ref.group}`)).json;
    const versions = (group.versions as { version: string }[]).map(({ version }) => version);
    assert.ok(versions.includes(ref.version), `${ref.group} has ${ref.version}`);
  }
  const base = ref.group ? `/apis/${groupVersion(ref)}` : `/api/${ref.version}`;
  const { resources } = (await t.request("GET", base)).json as { resources: { name: string; verbs: string[] }[] };
  const found = resources.find(({ name }) => name === ref.resource);
  assert.deepEqual(
    ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"].filter(
      (verb) => !found?.verbs.includes(verb),
    ),
    [],
    `verbs of ${ref.resource} that discovery lacks`,
  );
}

/** Reads, patches and updates the status through its subresource; what was written must be seen by who reads afterwards. */
export async function statusVerbs<T extends KubeObject>(
  t: BehaviourContext,
  ref: ResourceRef<T>,
  name: string,
  condition: object = { type: "FromBehaviour", status: "True", reason: "Written", message: "by a behaviour" },
): Promise<void> {
  type WithConditions = { status?: { conditions?: { type: string; reason?: string }[] } };
  const path = resourcePath(ref, ref.namespaced ? t.namespace : undefined, name, "status");
  const read = await t.request("GET", path);
  assert.deepEqual([read.status, read.json.kind], [200, ref.kind], read.text);
  const reasonSeen = (reason: string) =>
    t.until(ref, name, `a condition with the reason ${reason}`, (object) =>
      (object as WithConditions | undefined)?.status?.conditions?.some((each) => each.reason === reason),
    );
  const conditions = (status: WithConditions["status"], reason: string) => [
    ...(status?.conditions ?? []).filter(({ type }) => type !== "FromBehaviour"),
    { ...condition, reason },
  ];
  const body = {
    metadata: { annotations: { patchedstatus: "true" } },
    status: { conditions: conditions(read.json.status, "Patched") },
  };
  const patched = await t.request("PATCH", path, body, MERGE);
  assert.deepEqual([patched.status, patched.json.metadata.annotations.patchedstatus], [200, "true"], patched.text);
  await reasonSeen("Patched");
  await t.eventually("an update of the status without a conflict", async () => {
    const { json } = await t.request("GET", path);
    const status = { ...json.status, conditions: conditions(json.status, "Updated") };
    const answer = await t.request("PUT", path, { ...json, status });
    assert.ok([200, 409].includes(answer.status), answer.text);
    return answer.status === 200;
  });
  await reasonSeen("Updated");
}
