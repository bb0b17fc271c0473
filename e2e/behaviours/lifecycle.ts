/**
 * The life of an object as many behaviours ask for it: made, read, patched, listed, replaced, deleted one by one and as a collection, each step
 * seen in what the next one reads; and that discovery knows its resource.
 */
import assert from "node:assert/strict";
import type { BehaviourContext } from "./context.ts";

export interface Lifecycle {
  /** Of the resource, as /apis/storage.k8s.io/v1/csinodes. */
  readonly path: string;
  readonly kind: string;
  readonly spec: object;
  /** Changes that one can see, if labels are not enough. */
  readonly patch?: object;
}

const MERGE = { "content-type": "application/merge-patch+json" };

export async function lifecycle(t: BehaviourContext, { path, kind, spec, patch = {} }: Lifecycle): Promise<void> {
  const mark = t.name("mark");
  const selected = `${path}?labelSelector=mark%3D${mark}`;
  const [one, two] = [t.name("one"), t.name("two")];
  t.cleanup(() => t.request("DELETE", selected));
  const create = (name: string) => t.request("POST", path, { ...spec, metadata: { name, labels: { mark } } });
  const names = async () =>
    ((await t.request("GET", selected)).json.items as { metadata: { name: string } }[])
      .map((it) => it.metadata.name)
      .sort();

  const made = await create(one);
  assert.equal(made.status, 201, made.text);
  const read = await t.request("GET", `${path}/${one}`);
  assert.deepEqual([read.status, read.json.kind, read.json.metadata.name], [200, kind, one]);

  const patched = await t.request(
    "PATCH",
    `${path}/${one}`,
    { metadata: { labels: { patched: "yes" } }, ...patch },
    MERGE,
  );
  assert.deepEqual([patched.status, patched.json.metadata.labels.patched], [200, "yes"], patched.text);
  assert.equal((await t.request("GET", `${path}/${one}`)).json.metadata.labels.patched, "yes");

  assert.equal((await create(two)).status, 201);
  assert.deepEqual(await names(), [one, two]);
  // Others may write it in between: then it is read again.
  const updated = await t.eventually(`${kind} ${two} to be replaced`, async () => {
    const { json } = await t.request("GET", `${path}/${two}`);
    const labels = { ...json.metadata.labels, updated: "yes" };
    const answer = await t.request("PUT", `${path}/${two}`, { ...json, metadata: { ...json.metadata, labels } });
    return answer.status !== 409 && answer;
  });
  assert.deepEqual([updated.status, updated.json.metadata.labels.updated], [200, "yes"], updated.text);

  assert.equal((await t.request("DELETE", `${path}/${one}`)).status, 200);
  await t.eventually(
    `${kind} ${one} to be gone`,
    async () => (await t.request("GET", `${path}/${one}`)).status === 404,
  );
  assert.deepEqual(await names(), [two]);
  assert.equal((await t.request("DELETE", selected)).status, 200);
  await t.eventually(`all ${kind} to be gone`, async () => (await names()).length === 0);
}

/** That a watch from now on sees the object made, changed and deleted. */
export async function watched(t: BehaviourContext, { path, spec }: Lifecycle): Promise<void> {
  const name = t.name("watched");
  t.cleanup(() => t.request("DELETE", `${path}/${name}`));
  const { json } = await t.request("GET", path);
  const from = json.metadata.resourceVersion as string;
  assert.equal((await t.request("POST", path, { ...spec, metadata: { name } })).status, 201);
  await t.request("PATCH", `${path}/${name}`, { metadata: { labels: { a: "b" } } }, MERGE);
  await t.request("DELETE", `${path}/${name}`);
  const seen = await t.request(
    "GET",
    `${path}?watch=true&timeoutSeconds=1&resourceVersion=${from}&fieldSelector=metadata.name%3D${name}`,
  );
  const types = seen.text
    .trim()
    .split("\n")
    .map((line) => (JSON.parse(line) as { type: string }).type);
  assert.deepEqual(types, ["ADDED", "MODIFIED", "DELETED"]);
}

/** That discovery tells of the group, its version and the resource with all verbs. */
export async function discovered(t: BehaviourContext, group: string, version: string, resource: string): Promise<void> {
  const groups = (await t.request("GET", "/apis")).json.groups as { name: string; versions: { version: string }[] }[];
  assert.ok(groups.find(({ name }) => name === group)?.versions.some((each) => each.version === version));
  const own = (await t.request("GET", `/apis/${group}`)).json;
  assert.ok((own.versions as { version: string }[]).some((each) => each.version === version));
  const { resources } = (await t.request("GET", `/apis/${group}/${version}`)).json;
  const found = (resources as { name: string; verbs: string[] }[]).find(({ name }) => name === resource);
  for (const verb of ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"])
    assert.ok(found?.verbs.includes(verb), `${resource} can ${verb}`);
}
