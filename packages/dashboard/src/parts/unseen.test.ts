import assert from "node:assert/strict";
import { test } from "node:test";
import type { VNode } from "preact";
import { Failure } from "../server/failure.ts";
import { type Followed, nothingYet } from "../server/follow.ts";
import { unseen } from "./unseen.ts";

const after = (failure: Failure, items: readonly number[] = []): Followed<number> => ({
  ...nothingYet,
  items,
  phase: "waiting",
  failure,
});
const said = (found: Followed<number>) =>
  (unseen(found, "pods") as VNode<{ readonly children: string }>).props.children;

test("what may not be seen is left out with a quiet word", () => {
  assert.equal(said(after(new Failure("pods is forbidden: ...", 403))), "You may not list pods.");
  assert.equal(said(after(new Failure("it broke", 500))), "pods: it broke");
});

test("what was seen before stays", () => {
  assert.equal(unseen(after(new Failure("it broke", 500), [1]), "pods"), undefined);
  assert.equal(unseen({ ...nothingYet, phase: "live" }, "pods"), undefined);
});
