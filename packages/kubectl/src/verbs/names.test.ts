import assert from "node:assert/strict";
import { it } from "node:test";
import { createKubectlCommand } from "../command.ts";
import { verbNames } from "./names.ts";

it("the names of verbs are those of the verbs", () => {
  const names = createKubectlCommand().subcommands?.map(({ name }) => name) ?? [];
  assert.deepEqual(names.filter((name) => !name.startsWith("__")).sort(), [...verbNames].sort());
});
