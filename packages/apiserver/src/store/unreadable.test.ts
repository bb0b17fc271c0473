import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { silentLogger, VirtualClock } from "@kubets/machinery";
import { MemoryStorage, openEmbeddedStorage } from "@kubets/storage";
import { ConvertingStore } from "../crd/converting-store.ts";
import { emptyStore } from "../crd/empty-store.ts";
import { definition, listen, names, object, PREFIX, put, storeOver, unreadableSuite } from "./unreadable.suite.ts";
import { MOST_NAMED, UnreadableError, UnreadableListError, unreadableStatus } from "./unreadable.ts";

unreadableSuite("memory", async (run) => {
  const storage = new MemoryStorage({ clock: new VirtualClock() });
  await run(storage);
  await storage.close();
});

unreadableSuite("embedded", async (run) => {
  const folder = mkdtempSync(join(tmpdir(), "kubets-unreadable-"));
  try {
    const storage = await openEmbeddedStorage({ folder, clock: new VirtualClock(), logger: silentLogger });
    await run(storage);
    await storage.close();
  } finally {
    rmSync(folder, { recursive: true });
  }
});

it("a version that a webhook converts to lacks it as the stored one does, and begins anew when it can be read", async () => {
  const storage = new MemoryStorage({ clock: new VirtualClock() });
  const keys = new Set("a");
  const { store, feed, stop } = await storeOver(storage, "a", keys);
  const converted = new ConvertingStore(definition, store, feed, (objects) => Promise.resolve([...objects]));
  for (const name of ["one", "two"]) await converted.create(`ns/${name}`, object(name));
  await converted.fresh();
  const heard = listen(converted.cache);
  const value = (await storage.get(`${PREFIX}ns/one`))?.value as Uint8Array;
  await put(storage, "one", "b:{}");
  assert.deepEqual(heard, ["end"]);
  await converted.fresh();
  assert.deepEqual(names(converted.cache), ["two"]);
  assert.deepEqual([...converted.unreadable.keys()], ["ns/one"]);
  await assert.rejects(converted.readAgain("ns/one"), UnreadableError);
  await storage.commit({ key: `${PREFIX}ns/one`, value: () => value });
  await converted.fresh();
  assert.deepEqual(names(converted.cache), ["one", "two"]);
  await put(storage, "two", "b:{}");
  assert.equal(await converted.removeUnreadable("ns/two", async () => {}), true);
  await converted.fresh();
  assert.deepEqual(names(converted.cache), ["one"]);
  stop();
  await storage.close();
});

it("something is left of a kind that goes as long as there is what nobody can read", async () => {
  const clock = new VirtualClock();
  const storage = new MemoryStorage({ clock });
  const { store, stop } = await storeOver(storage, "a", new Set("a"));
  await store.create("ns/one", object("one"));
  await put(storage, "two", "b:{}");
  assert.equal(await emptyStore(store, clock), false);
  await store.removeUnreadable("ns/two", async () => {});
  assert.equal(await emptyStore(store, clock), true);
  stop();
  await storage.close();
});

describe("clients", () => {
  const entry = (name: string) => ({ key: `${PREFIX}ns/${name}`, revision: 7 });
  const sealed = new UnreadableError(entry("one"), "sealed", new Error("no matching prefix found"));
  const damaged = new UnreadableError(entry("two"), "damaged", new Error("it is no object"));
  const list = (count: number) =>
    new UnreadableListError({ group: "", resource: "configmaps" }, Array<UnreadableError>(count).fill(sealed));

  it("are told what stands where, if it can be deleted all the same", () => {
    const { status } = unreadableStatus(sealed, true) ?? {};
    assert.equal(status?.reason, "InternalError");
    assert.equal(
      status.message,
      "Internal error occurred: StorageError: corrupt object, Code: 7, Key: /registry/configmaps/ns/one, ResourceVersion: 0, AdditionalErrorMsg: data from the storage is not transformable revision=0: no matching prefix found",
    );
    assert.match(damaged.corruption, /AdditionalErrorMsg: object not decodable revision=7: it is no object$/);
    const ofList = unreadableStatus(list(2), true)?.status;
    assert.deepEqual(
      [ofList?.code, ofList?.reason, ofList?.message],
      [500, "StorageReadError", "failed to read one or more configmaps from the storage"],
    );
    const cause = { reason: "UnexpectedServerResponse", message: sealed.corruption, field: sealed.storageKey };
    assert.deepEqual(ofList?.details, { name: "list", kind: "configmaps", causes: [cause, cause] });
  });

  it("are told of a hundred, and that there are more", () => {
    const causes = unreadableStatus(list(MOST_NAMED + 1), true)?.status.details?.causes ?? [];
    assert.equal(causes.length, 101);
    assert.deepEqual(causes.at(-1), {
      reason: "FieldValueTooMany",
      message: "too many errors, the list is truncated",
    });
  });

  it("are told the least where it cannot be deleted", () => {
    const messages = [sealed, list(2)].map((error) => unreadableStatus(error, false)?.status.message);
    assert.deepEqual(messages, [
      "Internal error occurred: no matching prefix found",
      'Internal error occurred: unable to transform key "/registry/configmaps/ns/one": no matching prefix found',
    ]);
    assert.equal(unreadableStatus(new Error("another"), true), undefined);
  });
});
