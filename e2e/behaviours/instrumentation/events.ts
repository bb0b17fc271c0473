/** Events, in both of their groups: made, found, changed, and removed, alone and many at a time. */
import assert from "node:assert/strict";
import { behaviour } from "../behaviour.ts";
import type { BehaviourContext } from "../context.ts";

interface Event {
  readonly metadata: { readonly name: string; readonly labels?: Readonly<Record<string, string>> };
  readonly [field: string]: unknown;
}

const CORE = { apiVersion: "v1", path: "/api/v1" };
const OWN_GROUP = { apiVersion: "events.k8s.io/v1", path: "/apis/events.k8s.io/v1" };

function eventOf(t: BehaviourContext, api: typeof CORE, name: string, labels: Record<string, string>): object {
  const about = { kind: "Pod", name: "some-pod", namespace: t.namespace };
  const told =
    api === CORE
      ? { involvedObject: about, message: `message of ${name}`, source: { component: "behaviour" } }
      : {
          regarding: about,
          note: `note of ${name}`,
          eventTime: "2026-01-01T00:00:00.000000Z",
          reportingController: "example.com/behaviour",
          reportingInstance: "behaviour-1",
          action: "Do",
        };
  return {
    apiVersion: api.apiVersion,
    kind: "Event",
    metadata: { name, labels },
    reason: "Test",
    type: "Normal",
    ...told,
  };
}

async function listed(t: BehaviourContext, path: string, selector: string): Promise<readonly Event[]> {
  const { status, json, text } = await t.request("GET", `${path}/events?labelSelector=${encodeURIComponent(selector)}`);
  assert.equal(status, 200, text);
  return json.items as readonly Event[];
}

async function collectionGoes(t: BehaviourContext, api: typeof CORE): Promise<void> {
  const label = t.name("set");
  const path = `${api.path}/namespaces/${t.namespace}`;
  for (const name of ["one", "two", "three"]) {
    const made = await t.request("POST", `${path}/events`, eventOf(t, api, name, { set: label }));
    assert.equal(made.status, 201, made.text);
  }
  assert.equal((await listed(t, path, `set=${label}`)).length, 3);
  const gone = await t.request("DELETE", `${path}/events?labelSelector=set%3D${label}`);
  assert.equal(gone.status, 200, gone.text);
  await t.eventually("the events to be gone", async () => (await listed(t, path, `set=${label}`)).length === 0);
}

behaviour("[sig-instrumentation] Events should delete a collection of events [Conformance]", { on: "api" }, (t) =>
  collectionGoes(t, CORE),
);

behaviour("[sig-instrumentation] Events API should delete a collection of events [Conformance]", { on: "api" }, (t) =>
  collectionGoes(t, OWN_GROUP),
);

behaviour(
  "[sig-instrumentation] Events should manage the lifecycle of an event [Conformance]",
  { on: "api" },
  async (t) => {
    const label = t.name("lifecycle");
    const path = `/api/v1/namespaces/${t.namespace}/events`;
    const made = await t.request("POST", path, eventOf(t, CORE, "one", { event: label }));
    assert.equal(made.status, 201, made.text);
    assert.equal((await listed(t, "/api/v1", `event=${label}`)).length, 1);
    const patched = await t.request(
      "PATCH",
      `${path}/one`,
      { message: "another message" },
      {
        "content-type": "application/strategic-merge-patch+json",
      },
    );
    assert.equal(patched.json.message, "another message", patched.text);
    const series = { count: 100, lastObservedTime: "2026-01-01T00:00:00.000005Z" };
    const current = (await t.request("GET", `${path}/one`)).json as object;
    const updated = await t.request("PUT", `${path}/one`, { ...current, series });
    assert.equal(updated.status, 200, updated.text);
    assert.deepEqual((await t.request("GET", `${path}/one`)).json.series, series);
    const gone = await t.request("DELETE", `${path}/one`);
    assert.equal(gone.status, 200, gone.text);
    assert.equal((await listed(t, "/api/v1", `event=${label}`)).length, 0);
  },
);
