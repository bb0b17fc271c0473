import assert from "node:assert/strict";
import { test } from "node:test";
import { customresourcedefinitions } from "@kubets/api/generated/refs";
import type { JSONSchemaProps } from "@kubets/api/generated/types/apiextensions-v1";
import { customResource } from "@kubets/api/resource-ref";
import { startTestServer } from "../testing/server.ts";
import { definitionOfThings, untilServed } from "../testing/things.ts";
import { told } from "../testing/told.ts";

const things = customResource({
  group: "example.com",
  version: "v1",
  resource: "things",
  kind: "Thing",
  namespaced: false,
});

/** A kind with one rule that says `rule` of its size. */
const definition = (rule: string, more: Record<string, JSONSchemaProps> = {}) =>
  definitionOfThings({ properties: { size: { type: "integer", "x-kubernetes-validations": [{ rule }], ...more } } });

test("rules are measured where they are compiled, held against an object, and compared with what was", async (t) => {
  const { admin, server, close } = await startTestServer();
  t.after(close);
  const { registry } = server.context.metrics;
  const now = (name: string) => told(registry, `${name}_count`) ?? 0;
  const counts = () => [
    now("apiserver_cel_compilation_duration_seconds"),
    now("apiserver_cel_evaluation_duration_seconds"),
    now("apiextensions_apiserver_validation_ratcheting_seconds"),
  ];
  const [compiled = 0, evaluated = 0, compared = 0] = counts();
  await admin.create(customresourcedefinitions, definition("self < 5"));
  assert.deepEqual(counts(), [compiled + 1, evaluated, compared]);
  await untilServed(server);

  const thing = { metadata: { name: "a" }, size: 1 };
  await admin.create(things, thing as never);
  const [, once] = counts();
  assert.equal(once, evaluated + 1);
  await admin.patch(things, { name: "a" }, { type: "merge", body: { size: 2 } });
  const [, twice, changed] = counts();
  assert.deepEqual([twice, changed], [evaluated + 2, compared + 1]);
  const seconds = () => told(registry, "apiextensions_apiserver_validation_ratcheting_seconds_sum") ?? 0;
  const before = seconds();
  await assert.rejects(
    admin.patch(things, { name: "a" }, { type: "merge", body: { size: 9 } }),
    /self < 5|failed rule/,
  );
  assert.ok(seconds() > before, "a wrong value is compared with what was before");
});
