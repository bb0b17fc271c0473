import assert from "node:assert/strict";
import { test } from "node:test";
import { node } from "@kubets/api/testing/node-builder";
import { pod } from "@kubets/api/testing/pod-builder";
import { fixture } from "../../testing/plugin-fixture.ts";
import { imageLocality, withTag } from "./plugin.ts";

const MB = 1024 * 1024;
const holding = (name: string, sizeBytes: number, ...names: string[]) =>
  node(name)
    .status({ images: [{ names, sizeBytes }] })
    .build();

test("nodes that hold large images are better, the more so the more nodes do", () => {
  const { scores } = fixture(
    imageLocality,
    {},
    holding("n1", 500 * MB, "demo:latest"),
    holding("n2", 500 * MB, "demo:latest"),
    holding("n3", 900 * MB, "x:1"),
  );
  assert.deepEqual(scores(pod("a").build()), { n1: 31, n2: 31, n3: 0 });
  assert.deepEqual(scores(pod("a").container("c", { image: "unknown" }).build()), {});
});

test("a name without a tag means latest", () => {
  assert.deepEqual(["a", "a:1", "h:5000/a", "h:5000/a:1"].map(withTag), [
    "a:latest",
    "a:1",
    "h:5000/a:latest",
    "h:5000/a:1",
  ]);
});
