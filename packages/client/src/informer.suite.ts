/**
 * What an informer shows over any transport, against any server of the API, on the real clock: run it over HTTP and in-process.
 * Broken watches and forgotten revisions are tried over the memory API, in informer/.
 */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { configmaps } from "@kubets/api/generated/refs";
import type { ConfigMap } from "@kubets/api/generated/types/core-v1";
import { realClock, realRandom, silentLogger } from "@kubets/machinery";
import type { SuiteTarget } from "./client.suite.ts";
import type { Client } from "./client.ts";
import { SharedInformers } from "./informer/shared-informers.ts";
import type { Informer } from "./informer.ts";
import { createClient } from "./typed-client.ts";

export function informerSuite(name: string, open: () => Promise<SuiteTarget>): void {
  describe(`informer: ${name}`, () => {
    let target: SuiteTarget;
    let client: Client;
    let namespace: string;
    const stopping = new AbortController();
    before(async () => {
      target = await open();
      namespace = target.namespace ?? "default";
      client = createClient(target.transport);
    });
    after(async () => {
      stopping.abort();
      await target.close();
    });

    const informers = () =>
      new SharedInformers({
        client,
        clock: realClock,
        random: realRandom,
        log: silentLogger,
        signal: stopping.signal,
      });
    const make = (name: string, a = "1") => client.create(configmaps, { metadata: { namespace, name }, data: { a } });
    const remove = (name: string) => client.delete(configmaps, { namespace, name });

    it("shows what is there, then every change", async () => {
      await make("informer-early");
      const informer = informers().informer(configmaps);
      await informer.synced;
      assert.equal(informer.get(`${namespace}/informer-early`)?.data?.a, "1");

      const seen = record(informer, "informer-late");
      const made = await make("informer-late");
      await seen.until("added 1");
      await client.update(configmaps, { ...made, data: { a: "2" } });
      await seen.until("changed 1 to 2");
      await remove("informer-late");
      await seen.until("deleted 2");
      assert.deepEqual(seen.told, ["added 1", "changed 1 to 2", "deleted 2"]);
      await remove("informer-early");
    });

    it("finds by namespace and by index", async () => {
      const informer = informers().informer(configmaps);
      informer.addIndex("a", byA);
      await make("informer-index", "x");
      const seen = record(informer, "informer-index");
      await seen.until("added x");
      assert.deepEqual(
        informer.indexed("a", "x").map(({ metadata }) => metadata.name),
        ["informer-index"],
      );
      assert.ok(informer.list(namespace).some(({ metadata }) => metadata.name === "informer-index"));
      assert.deepEqual(informer.list("no-such-namespace"), []);
      await remove("informer-index");
      await seen.until("deleted x");
      assert.deepEqual(informer.indexed("a", "x"), []);
    });

    it("follows a selection", async () => {
      const informer = informers().informer(configmaps, { namespace, fieldSelector: "metadata.name=informer-one" });
      await informer.synced;
      const seen = record(informer, "informer-one");
      await make("informer-two");
      await make("informer-one");
      await seen.until("added 1");
      assert.deepEqual(
        informer.list().map(({ metadata }) => metadata.name),
        ["informer-one"],
      );
      await remove("informer-one");
      await remove("informer-two");
      await seen.until("deleted 1");
    });
  });
}

const byA = ({ data }: ConfigMap): readonly string[] => (data?.a ? [data.a] : []);

/** Writes down what is told about one object, and waits for it. */
function record(informer: Informer<ConfigMap>, name: string) {
  const told: string[] = [];
  let look = () => {};
  const tell = (object: ConfigMap, text: string) => {
    if (object.metadata.name !== name) return;
    told.push(text);
    look();
  };
  informer.subscribe({
    added: (object) => tell(object, `added ${object.data?.a}`),
    changed: (object, old) => tell(object, `changed ${old.data?.a} to ${object.data?.a}`),
    deleted: (object) => tell(object, `deleted ${object.data?.a}`),
  });
  const until = (text: string) =>
    new Promise<void>((resolve) => {
      look = () => {
        if (told.includes(text)) resolve();
      };
      look();
    });
  return { told, until };
}
