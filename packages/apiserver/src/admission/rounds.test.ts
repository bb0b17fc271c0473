import assert from "node:assert/strict";
import { test } from "node:test";
import { Rounds } from "./rounds.ts";

/** Plays two rounds of webhooks: who changes something when, who wants another turn; gives whose turns there were in each round. */
function play(
  hooks: readonly { id: string; changes?: boolean; wantsAnother?: boolean }[],
  changeBetween = false,
): string[][] {
  const rounds = new Rounds();
  const object = { value: 0 };
  const played: string[][] = [];
  do {
    const turns = rounds.turnsOf("plugin");
    turns.begin(object);
    const had: string[] = [];
    for (const { id, changes = false, wantsAnother = false } of hooks) {
      if (!turns.isDue(id)) continue;
      had.push(id);
      const changed = changes && !rounds.isSecond;
      if (changed) object.value++;
      turns.had(id, { changed, wantsAnother });
    }
    turns.end(object);
    played.push(had);
    if (changeBetween) object.value++;
  } while (rounds.beginSecond());
  return played;
}

test("without a change there is one round", () => {
  assert.deepEqual(play([{ id: "a", wantsAnother: true }, { id: "b" }]), [["a", "b"]]);
});

test("a change gives those before it who want it another turn", () => {
  assert.deepEqual(
    play([
      { id: "a", wantsAnother: true },
      { id: "b" },
      { id: "c", changes: true, wantsAnother: true },
      { id: "d", wantsAnother: true },
    ]),
    [["a", "b", "c", "d"], ["a"]],
  );
});

test("what others change between the rounds gives everyone who wants it another turn", () => {
  assert.deepEqual(
    play([{ id: "a" }, { id: "b", changes: true, wantsAnother: true }, { id: "c", wantsAnother: true }], true),
    [
      ["a", "b", "c"],
      ["b", "c"],
    ],
  );
});
