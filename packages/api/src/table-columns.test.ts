import assert from "node:assert/strict";
import { test } from "node:test";
import { builtInResources } from "./all.ts";
import { readFacts, skipWithoutFacts as skip } from "./facts.fixture.ts";
import type { Column } from "./resource.ts";
import { groupVersion } from "./resource-ref.ts";

const columns = () => readFacts("table-columns.json") as Record<string, Column[]>;

test("every kind that the original shows in columns of its own has them", { skip }, () => {
  const known = columns();
  const defined = new Map(builtInResources.map((of) => [`${groupVersion(of)}/${of.resource}`, of]));
  for (const [name, expected] of Object.entries(known)) {
    const definition = defined.get(name);
    if (!definition) continue;
    const actual = definition.table?.columns ?? [];
    // Without a table of its own a kind is shown by name and time of creation.
    if (!definition.table && expected.length === 2 && expected[1]?.name === "Created At") continue;
    assert.deepEqual(
      actual.map(({ name: title, type, format, priority }) => ({ format, name: title, priority, type })),
      expected,
      name,
    );
  }
});
