import assert from "node:assert/strict";
import { test } from "node:test";
import { ListBytes } from "./list-bytes.ts";

test("one question is answered by one piece, also while that is made, until the collection changes", async () => {
  const lists = new ListBytes();
  let count = 0;
  const now = () => Buffer.from(String(++count));
  const later = async () => now();
  const first = lists.get("a", 1, later);
  assert.equal(lists.get("a", 1, later), first);
  const piece = await first;
  assert.equal(lists.get("a", 1, later), piece);
  assert.notEqual(lists.get("b", 1, now), piece);
  assert.equal((lists.get("a", 2, now) as Buffer).toString(), "3");
});

test("what changes while a piece is made is not answered by it", async () => {
  const lists = new ListBytes();
  const { promise, resolve } = Promise.withResolvers<Buffer>();
  const old = lists.get("a", 1, () => promise);
  const present = Buffer.from("present");
  assert.equal(
    lists.get("a", 2, () => present),
    present,
  );
  resolve(Buffer.from("old"));
  await old;
  assert.equal(
    lists.get("a", 2, () => Buffer.from("another")),
    present,
  );
});

test("a piece that could not be made is made again", async () => {
  const lists = new ListBytes();
  await assert.rejects(async () => lists.get("a", 1, () => Promise.reject(new Error("unreadable"))));
  assert.equal((lists.get("a", 1, () => Buffer.from("read")) as Buffer).toString(), "read");
});
