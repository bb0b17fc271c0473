/**
 * What a client does over any transport, against any server of the API: run it over HTTP and in-process, and over the memory API.
 * It uses ConfigMaps of one namespace, which must exist, and leaves none behind.
 */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { configmaps } from "@kubets/api/generated/refs";
import type { ConfigMap } from "@kubets/api/generated/types/core-v1";
import { isReason } from "@kubets/machinery";
import type { Client, WatchEvent } from "./client.ts";
import { listAll } from "./pager.ts";
import type { Transport } from "./transport.ts";
import { createClient } from "./typed-client.ts";

export interface SuiteTarget {
  readonly transport: Transport;
  /** A namespace that exists; "default" when absent. */
  readonly namespace?: string;
  close(): Promise<void> | void;
}

export function clientSuite(name: string, open: () => Promise<SuiteTarget>): void {
  describe(`client: ${name}`, () => {
    let target: SuiteTarget;
    let client: Client;
    let namespace: string;
    before(async () => {
      target = await open();
      namespace = target.namespace ?? "default";
      client = createClient(target.transport, { userAgent: "client-suite" });
    });
    after(() => target.close());

    const make = (name: string, data: Record<string, string> = { a: "1" }) =>
      client.create(configmaps, { metadata: { namespace, name }, data });

    /** Runs with a ConfigMap that is gone afterwards. */
    async function having(name: string, run: (made: ConfigMap) => Promise<void>): Promise<void> {
      const made = await make(name);
      try {
        await run(made);
      } finally {
        await client.delete(configmaps, { namespace, name }).catch((error: unknown) => {
          if (!isReason(error, "NotFound")) throw error;
        });
      }
    }

    it("creates and gets", () =>
      having("suite-get", async (made) => {
        assert.equal(made.kind, "ConfigMap");
        assert.ok(made.metadata.uid);
        assert.ok(made.metadata.resourceVersion);
        const got = await client.get(configmaps, { namespace, name: "suite-get" });
        assert.deepEqual(got.data, { a: "1" });
        assert.equal(got.metadata.uid, made.metadata.uid);
      }));

    it("throws the server's status", async () => {
      await assert.rejects(client.get(configmaps, { namespace, name: "suite-missing" }), (error: unknown) => {
        assert.ok(isReason(error, "NotFound"));
        assert.equal(error.message, 'configmaps "suite-missing" not found');
        assert.equal(error.code, 404);
        assert.equal(error.status.details?.name, "suite-missing");
        return true;
      });
      await having("suite-twice", () =>
        assert.rejects(make("suite-twice"), (error) => isReason(error, "AlreadyExists")),
      );
    });

    it("updates, and refuses what is stale", () =>
      having("suite-update", async (made) => {
        const updated = await client.update(configmaps, { ...made, data: { a: "2" } });
        assert.equal(updated.data?.a, "2");
        assert.notEqual(updated.metadata.resourceVersion, made.metadata.resourceVersion);
        await assert.rejects(client.update(configmaps, { ...made, data: { a: "3" } }), (e) => isReason(e, "Conflict"));
      }));

    it("patches", () =>
      having("suite-patch", async () => {
        const key = { namespace, name: "suite-patch" };
        const patched = await client.patch(configmaps, key, { type: "merge", body: { data: { a: null, b: "2" } } });
        assert.deepEqual(patched.data, { b: "2" });
      }));

    it("applies", async () => {
      const object = { metadata: { namespace, name: "suite-apply" }, data: { a: "1" } };
      try {
        const made = await client.apply(configmaps, object, { fieldManager: "client-suite" });
        assert.deepEqual(made.data, { a: "1" });
        const changed = await client.apply(
          configmaps,
          { ...object, data: { a: "2" } },
          { fieldManager: "client-suite" },
        );
        assert.deepEqual(changed.data, { a: "2" });
      } finally {
        await client.delete(configmaps, { namespace, name: "suite-apply" });
      }
    });

    it("deletes under preconditions", () =>
      having("suite-delete", async (made) => {
        const key = { namespace, name: "suite-delete" };
        const other = { preconditions: { uid: "00000000-0000-4000-8000-000000000000" } };
        await assert.rejects(client.delete(configmaps, key, other), (e) => isReason(e, "Conflict"));
        await client.delete(configmaps, key, { preconditions: { uid: made.metadata.uid } });
        await assert.rejects(client.get(configmaps, key), (e) => isReason(e, "NotFound"));
      }));

    it("lists in pages, each item with its kind", async () => {
      const names = ["suite-page-a", "suite-page-b", "suite-page-c"];
      for (const name of names) await make(name);
      try {
        const first = await client.list(configmaps, { namespace, limit: 2 });
        assert.equal(first.items.length, 2);
        assert.ok(first.metadata.continue);
        const all = await listAll(client, configmaps, { namespace, limit: 2 });
        const found = all.items.filter(({ metadata }) => names.includes(metadata.name));
        assert.equal(found.length, 3);
        assert.ok(all.items.every(({ kind, apiVersion }) => kind === "ConfigMap" && apiVersion === "v1"));
        assert.ok(all.metadata.resourceVersion);
      } finally {
        for (const name of names) await client.delete(configmaps, { namespace, name });
      }
    });

    it("watches from a revision", async () => {
      const { metadata } = await client.list(configmaps, { namespace });
      const seen: string[] = [];
      const deleted = Promise.withResolvers<void>();
      const watch = await client.watch(
        configmaps,
        { namespace, resourceVersion: metadata.resourceVersion },
        {
          events(batch: readonly WatchEvent<ConfigMap>[]) {
            for (const { type, object } of batch)
              if (object.metadata.name === "suite-watch") seen.push(`${type} ${object.data?.a}`);
            if (seen.at(-1)?.startsWith("DELETED")) deleted.resolve();
          },
          closed: (error) => deleted.reject(error ?? new Error("the watch ended early")),
        },
      );
      try {
        await having(
          "suite-watch",
          async (made) => void (await client.update(configmaps, { ...made, data: { a: "2" } })),
        );
        await deleted.promise;
        assert.deepEqual(seen, ["ADDED 1", "MODIFIED 2", "DELETED 2"]);
      } finally {
        watch.stop();
      }
    });

    it("answers any path raw", () =>
      having("suite-raw", async () => {
        const path = `/api/v1/namespaces/${namespace}/configmaps/`;
        const there = await client.raw("GET", `${path}suite-raw`);
        assert.equal(there.status, 200);
        assert.equal((JSON.parse(Buffer.from(there.body).toString()) as ConfigMap).metadata.name, "suite-raw");
        const missing = await client.raw("GET", `${path}suite-missing`);
        assert.equal(missing.status, 404);
      }));
  });
}
