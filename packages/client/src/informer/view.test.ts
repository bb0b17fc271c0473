import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { KubeObject } from "@kubets/api/meta";
import { type Logger, silentLogger } from "@kubets/machinery";
import type { InformerHandler } from "../informer.ts";
import { Store } from "./store.ts";
import { View } from "./view.ts";

const object = (name: string, resourceVersion: string, uid = `uid-${name}`): KubeObject => ({
  kind: "Thing",
  apiVersion: "v1",
  metadata: { namespace: "ns", name, uid, resourceVersion, creationTimestamp: "" },
});
const text = ({ metadata }: KubeObject) => `${metadata.name}:${metadata.resourceVersion}`;

function recording() {
  const told: string[] = [];
  const handler: InformerHandler<KubeObject> = {
    added: (o) => told.push(`+${text(o)}`),
    changed: (o, old) => told.push(`~${text(old)} ${text(o)}`),
    deleted: (o) => told.push(`-${text(o)}`),
    batchEnd: () => told.push("."),
  };
  return { told, handler };
}

describe("View", () => {
  it("tells a late subscriber what is there, then changes", () => {
    const view = new View<KubeObject>(silentLogger);
    view.set(object("a", "1"));
    const { told, handler } = recording();
    const subscription = view.subscribe(handler);
    view.set(object("a", "2"));
    view.set(object("a", "2"));
    view.delete(object("a", "3"));
    view.delete(object("a", "3"));
    view.batchEnd();
    subscription.stop();
    view.set(object("b", "4"));
    assert.deepEqual(told, ["+a:1", ".", "~a:1 a:2", "-a:3", "."]);
  });

  it("tells another object of the same name as deleted and added", () => {
    const view = new View<KubeObject>(silentLogger);
    view.set(object("a", "1", "one"));
    const { told, handler } = recording();
    view.subscribe(handler);
    view.set(object("a", "2", "two"));
    assert.deepEqual(told.slice(2), ["-a:1", "+a:2"]);
  });

  it("shows each change, and nothing later, while it is told", () => {
    const view = new View<KubeObject>(silentLogger);
    const shown: (string | undefined)[] = [];
    const show = ({ metadata }: KubeObject) => {
      const now = view.store.get(`ns/${metadata.name}`);
      shown.push(now && text(now));
    };
    view.subscribe({ added: show, changed: show, deleted: show });
    view.replace(new Map([["ns/a", object("a", "1")]]));
    view.replace(new Map([["ns/a", object("a", "2")]]));
    view.replace(new Map([["ns/a", object("a", "3", "other")]]));
    view.replace(new Map());
    assert.deepEqual(shown, ["a:1", "a:2", undefined, "a:3", undefined]);
  });

  it("tells a subscriber that comes while a change is told of it once", () => {
    const view = new View<KubeObject>(silentLogger);
    const { told, handler } = recording();
    let subscribed = false;
    view.subscribe({
      added() {
        if (!subscribed) view.subscribe(handler);
        subscribed = true;
      },
    });
    view.set(object("a", "1"));
    assert.deepEqual(told, ["+a:1", "."]);
  });

  it("goes on when a handler throws", () => {
    const errors: unknown[] = [];
    const log: Logger = { ...silentLogger, error: (_, fields) => errors.push(fields?.error) };
    const view = new View<KubeObject>(log);
    const boom = new Error("boom");
    view.subscribe({
      added() {
        throw boom;
      },
    });
    const { told, handler } = recording();
    view.subscribe(handler);
    view.set(object("a", "1"));
    assert.deepEqual(told, [".", "+a:1"]);
    assert.deepEqual(errors, [boom]);
  });
});

describe("Store", () => {
  const tags = (o: { tags: string[] }) => o.tags;

  it("keeps indexes in step", () => {
    const store = new Store<{ tags: string[] }>();
    const [a1, a2, b] = [{ tags: ["x", "y"] }, { tags: ["y", "z"] }, { tags: ["x"] }];
    store.set("a", a1);
    store.addIndex("tags", tags);
    store.set("b", b);
    assert.deepEqual(store.indexed("tags", "x"), [a1, b]);
    store.set("a", a2);
    assert.deepEqual(
      [store.indexed("tags", "x"), store.indexed("tags", "y"), store.indexed("tags", "z")],
      [[b], [a2], [a2]],
    );
    store.delete("a");
    assert.deepEqual([store.indexed("tags", "y"), store.indexed("tags", "z")], [[], []]);
  });

  it("takes the same index twice, and no other of its name", () => {
    const store = new Store<{ tags: string[] }>();
    store.addIndex("tags", tags);
    store.addIndex("tags", tags);
    assert.throws(() => store.addIndex("tags", () => []), /exists with another function/);
    assert.throws(() => store.indexed("other", "x"), /addIndex/);
  });
});
