/** Watches: what they tell, from where, in which order. */
import assert from "node:assert/strict";
import { configmaps } from "@kubets/api/generated/refs";
import type { WatchEvent } from "@kubets/client";
import { behaviour } from "../behaviour.ts";
import type { BehaviourContext } from "../context.ts";

type ConfigMap = NonNullable<(typeof configmaps)["objectType"]>;

const LABEL = "watch-this-configmap";

async function watch(t: BehaviourContext, options: { labelSelector?: string; resourceVersion?: string } = {}) {
  const { client, namespace } = t;
  const seen: WatchEvent<ConfigMap>[] = [];
  const from = options.resourceVersion ?? (await client.list(configmaps, { namespace })).metadata.resourceVersion;
  const handle = await client.watch(
    configmaps,
    { namespace, ...options, resourceVersion: from },
    { events: (batch) => void seen.push(...batch), closed: () => {} },
  );
  t.cleanup(() => handle.stop());
  const told = () =>
    seen.map(({ type, object }) => `${type} ${object.metadata.name} ${object.data?.["n"] ?? ""}`.trim());
  return {
    seen,
    told,
    stop: () => handle.stop(),
    expect: (wanted: readonly string[]) =>
      t.eventually(wanted.join(", "), () => told().length >= wanted.length && (assert.deepEqual(told(), wanted), true)),
  };
}

const make = ({ client, namespace }: BehaviourContext, name: string, label: string, n = "0") =>
  client.create(configmaps, { metadata: { namespace, name, labels: { [LABEL]: label } }, data: { n } });
const change = ({ client, namespace }: BehaviourContext, name: string, body: object) =>
  client.patch(configmaps, { namespace, name }, { type: "merge", body });
const remove = ({ client, namespace }: BehaviourContext, name: string) =>
  client.delete(configmaps, { namespace, name });

behaviour(
  "[sig-api-machinery] Watchers should observe add, update, and delete watch notifications on configmaps [Conformance]",
  { on: "api" },
  async (t) => {
    const a = await watch(t, { labelSelector: `${LABEL}=a` });
    const b = await watch(t, { labelSelector: `${LABEL}=b` });
    const either = await watch(t, { labelSelector: `${LABEL} in (a,b)` });
    await make(t, "one", "a");
    await change(t, "one", { data: { n: "1" } });
    await change(t, "one", { data: { n: "2" } });
    await remove(t, "one");
    await make(t, "two", "b");
    await remove(t, "two");
    const ofA = ["ADDED one 0", "MODIFIED one 1", "MODIFIED one 2", "DELETED one 2"];
    const ofB = ["ADDED two 0", "DELETED two 0"];
    await either.expect([...ofA, ...ofB]);
    await a.expect(ofA);
    await b.expect(ofB);
  },
);

behaviour(
  "[sig-api-machinery] Watchers should be able to start watching from a specific resource version [Conformance]",
  { on: "api" },
  async (t) => {
    await make(t, "one", "x");
    const first = await change(t, "one", { data: { n: "1" } });
    await change(t, "one", { data: { n: "2" } });
    await remove(t, "one");
    const past = await watch(t, { labelSelector: `${LABEL}=x`, resourceVersion: first.metadata.resourceVersion });
    await past.expect(["MODIFIED one 2", "DELETED one 2"]);
  },
);

behaviour(
  "[sig-api-machinery] Watchers should be able to restart watching from the last resource version observed by the previous watch [Conformance]",
  { on: "api" },
  async (t) => {
    const first = await watch(t, { labelSelector: `${LABEL}=x` });
    await make(t, "one", "x");
    await change(t, "one", { data: { n: "1" } });
    await first.expect(["ADDED one 0", "MODIFIED one 1"]);
    first.stop();
    const { resourceVersion } = (first.seen.at(-1) as WatchEvent<ConfigMap>).object.metadata;
    await change(t, "one", { data: { n: "2" } });
    await remove(t, "one");
    const second = await watch(t, { labelSelector: `${LABEL}=x`, resourceVersion });
    await second.expect(["MODIFIED one 2", "DELETED one 2"]);
  },
);

behaviour(
  "[sig-api-machinery] Watchers should observe an object deletion if it stops meeting the requirements of the selector [Conformance]",
  { on: "api" },
  async (t) => {
    const watched = await watch(t, { labelSelector: `${LABEL}=here` });
    const label = (value: string) => ({ metadata: { labels: { [LABEL]: value } } });
    await make(t, "one", "here");
    await change(t, "one", { data: { n: "1" } });
    await change(t, "one", label("gone"));
    await change(t, "one", { data: { n: "2" } });
    await change(t, "one", label("here"));
    await change(t, "one", { data: { n: "3" } });
    await remove(t, "one");
    const wanted = ["ADDED one 0", "MODIFIED one 1", "DELETED one 1", "ADDED one 2", "MODIFIED one 3", "DELETED one 3"];
    await watched.expect(wanted);
  },
);

behaviour(
  "[sig-api-machinery] Watchers should receive events on concurrent watches in same order [Conformance]",
  { on: "api" },
  async (t) => {
    const WRITES = 60;
    const first = await watch(t);
    const writing = (async () => {
      for (let i = 0; i < WRITES; i++) {
        const name = `c-${i % 5}`;
        if (i < 5) await make(t, name, "x");
        else if (i % 7 === 6) {
          await remove(t, name);
          await make(t, name, "x", String(i));
        } else await change(t, name, { data: { n: String(i) } });
      }
    })();
    const others: Awaited<ReturnType<typeof watch>>[] = [];
    const begun: string[] = [];
    // A further watch from the place of each event that the first has seen so far.
    for (let at = 0; at < 20; at++) {
      const event = await t.eventually(`event ${at} of the first watch`, () => first.seen[at]);
      begun.push(event.object.metadata.resourceVersion);
      others.push(await watch(t, { resourceVersion: event.object.metadata.resourceVersion }));
    }
    await writing;
    const order = (events: readonly WatchEvent<ConfigMap>[]) =>
      events.map(({ type, object }) => `${type} ${object.metadata.resourceVersion}`);
    const last = (await t.client.list(configmaps, { namespace: t.namespace })).metadata.resourceVersion;
    const reached = (events: readonly WatchEvent<ConfigMap>[], count: number) => events.length >= count;
    const total = await t
      .eventually(
        "the first watch to have seen all",
        () => Number(first.seen.at(-1)?.object.metadata.resourceVersion) >= Number(last) - 1 && first.seen.length,
      )
      .catch(() => first.seen.length);
    for (const [i, other] of others.entries()) {
      await t.eventually(`watch ${i} to have caught up`, () => reached(other.seen, total - i - 1));
      assert.deepEqual(order(other.seen), order(first.seen).slice(i + 1), `from ${begun[i]}`);
    }
  },
);
