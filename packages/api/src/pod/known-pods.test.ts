import assert from "node:assert/strict";
import { test } from "node:test";
import type { Pod } from "../generated/types/core-v1.ts";
import { KnownPods } from "./known-pods.ts";

const made = (name: string, spec: object = {}, annotations?: Record<string, string>): Pod =>
  ({
    metadata: { name, ...(annotations && { annotations }) },
    spec: { containers: [{ name: "c", image: "i" }], ...spec },
  }) as unknown as Pod;

/** How many of some pods, in turn, are searched. */
function searched(pods: readonly Pod[], found: readonly string[] = []): number {
  const known = new KnownPods();
  let count = 0;
  for (const one of pods)
    assert.deepEqual(
      known.look(one, () => (count++, [...found])),
      found,
    );
  return count;
}

test("pods that say the same are searched once, whatever they are called", () =>
  assert.equal(searched([made("a"), made("b"), made("c")]), 1));

test("what was found in a pod is looked for, and found, in the next", () =>
  assert.equal(searched([made("a"), made("b")], ["a fault"]), 2));

test("another spec and other annotations make another pod", () => {
  const zones = { nodeSelector: { zone: "z" } };
  assert.equal(searched([made("a"), made("a", zones), made("a", {}, { note: "n" }), made("b", zones)]), 3);
});

test("a pod for which claims are made by its own name is always searched", () => {
  const own = { volumes: [{ name: "v", ephemeral: {} }] };
  assert.equal(searched([made("a", own), made("a", own)]), 2);
});

test("where the cluster allows something else, all is searched again", () => {
  const known = new KnownPods();
  const featureEnabled = () => true;
  let count = 0;
  for (const allowPrivileged of [true, true, false, false, true])
    known.look(made("a"), () => (count++, []), { allowPrivileged, featureEnabled });
  assert.equal(count, 3);
});

test("a large pod is not known by its text, and searched each time", () => {
  const known = new KnownPods();
  let count = 0;
  const search = () => (count++, []);
  for (let i = 0; i < 2; i++)
    known.look(made("a"), search, { allowPrivileged: true, featureEnabled: Boolean, isLarge: true });
  const pod = made("b");
  known.look(pod, search, { allowPrivileged: true, featureEnabled: Boolean, isLarge: true });
  known.lookAgain(pod, search);
  assert.equal(count, 4);
});

test("a second look knows pods by what they say, too, whichever was looked at last", () => {
  const [first, second] = [new KnownPods(), new KnownPods()];
  const searches: string[] = [];
  const both = (pod: Pod) => {
    const { name } = pod.metadata;
    first.look(pod, () => []);
    second.lookAgain(pod, () => (searches.push(name), []));
  };
  both(made("a"));
  both(made("b"));
  both(made("c", { nodeSelector: { zone: "z" } }));
  second.lookAgain(made("d"), () => (searches.push("d"), []));
  assert.deepEqual(searches, ["a", "c"]);
});
