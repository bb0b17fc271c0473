import assert from "node:assert/strict";
import { test } from "node:test";
import { chooseControllers, controllers } from "./index.ts";

const names = (...patterns: string[]) => chooseControllers(patterns).map(({ name }) => name);

test("--controllers chooses by long and short names", () => {
  assert.deepEqual(names("deployment", "replicaset-controller"), ["replicaset-controller", "deployment-controller"]);
  assert.ok(!names("*").includes("bootstrap-signer-controller"));
  assert.ok(names("*", "bootstrapsigner").includes("bootstrap-signer-controller"));
  assert.ok(!names("*", "-job").includes("job-controller"));
  assert.deepEqual(names("*", "-service-lb-controller", "-route"), names("*"));
  assert.throws(() => names("*", "nonsense"), /"nonsense" is not in the list of known controllers/);
});

test("no two have the same name", () => {
  const all = controllers.map(({ name }) => name);
  assert.equal(new Set(all).size, all.length);
});
