import assert from "node:assert/strict";
import { test } from "node:test";
import { podResource } from "@kubets/api/core/pod/index";
import type { Variable } from "@kubets/api/generated/types/admissionregistration-v1";
import { type Activation, Budget } from "@kubets/cel";
import type { AdmissionContext, AdmissionRequest } from "../plugin.ts";
import { requestAuthorizer } from "./authorizer.ts";
import { conditionsHold, conditionsOf } from "./conditions.ts";
import { Evaluation } from "./evaluation.ts";
import { Expressions } from "./expression.ts";
import { BudgetSpent } from "./run.ts";

const request = () =>
  ({
    resource: podResource,
    subresource: "",
    namespace: "default",
    name: "a",
    user: { name: "u", groups: [] },
  }) as unknown as AdmissionRequest;

const begin = (activation: Activation, variables: readonly Variable[] = [], budget?: Budget) =>
  new Evaluation(request(), activation, new Expressions({ params: false, variables }), budget);

const valueOf = async (evaluation: Evaluation, source: string) => {
  const { value, error } = await evaluation.evaluate({ source, wants: "anything", authorizer: true });
  return error ?? value;
};

test("an authorizer that answers later is waited for, and asked once", async () => {
  const asked: string[] = [];
  const context = {
    authorize: async ({ verb, resource }: { verb: string; resource: string }) => {
      asked.push(`${verb} ${resource}`);
      return { verdict: verb === "get" ? "allow" : "noOpinion", why: "because" };
    },
  } as unknown as AdmissionContext;
  const own = request();
  const { authorizer, requestResource } = requestAuthorizer(own, context);
  const evaluation = begin({ authorizer, "authorizer.requestResource": requestResource });
  const source =
    "authorizer.group('').resource('secrets').check('get').allowed() && !authorizer.requestResource.check('delete').allowed()";
  assert.equal(await valueOf(evaluation, source), true);
  assert.equal(await valueOf(evaluation, "authorizer.group('').resource('secrets').check('get').reason()"), "because");
  assert.deepEqual(asked, ["get secrets", "delete pods"]);
});

test("a variable is evaluated when it is first named, and once", async () => {
  let reads = 0;
  const variables = [
    { name: "a", expression: "object.n + 1" },
    { name: "bad", expression: "1 / object.zero" },
  ];
  const activation = {
    get object() {
      reads++;
      return { n: 1, zero: 0 };
    },
  };
  const evaluation = begin(activation, variables);
  assert.equal(await valueOf(evaluation, "true"), true);
  assert.equal(reads, 0);
  assert.equal(await valueOf(evaluation, "variables.a + variables.a"), 4);
  assert.equal(await valueOf(evaluation, "variables.a"), 2);
  assert.equal(reads, 1);
  assert.equal(
    await valueOf(evaluation, "variables.bad == 1"),
    `expression 'variables.bad == 1' resulted in error: composited variable "bad" fails to evaluate: division by zero`,
  );
});

test("all expressions of a policy share one budget", async () => {
  const evaluation = begin({ object: { list: [1, 2, 3] } }, [], new Budget(20));
  const source = "object.list.all(x, x > 0)";
  assert.equal(await valueOf(evaluation, "object.list.size() == 3"), true);
  await assert.rejects(valueOf(evaluation, source), BudgetSpent);
});

test("others get their turn between expressions", async () => {
  // Each short enough for a look at how long it takes.
  const list = Array.from({ length: 10 }, (_, i) => i);
  const evaluation = begin({ object: { list } });
  const source = "object.list.all(a, object.list.all(b, a + b >= 0))";
  let isDone = false;
  const turns: boolean[] = [];
  setImmediate(() => turns.push(isDone));
  for (let i = 0; i < 5000; i++) assert.equal(await valueOf(evaluation, source), true);
  isDone = true;
  assert.deepEqual(turns, [false]);
});

test("a condition that does not hold counts for more than one that fails, and failures are told together", async () => {
  const hold = (...expressions: string[]) =>
    conditionsHold(
      conditionsOf(expressions.map((each, i) => ({ name: `c${i}`, expression: each }))),
      request(),
      () => ({ object: { a: 1 } }),
    );
  assert.equal(await hold(), true);
  assert.equal(await hold("object.a == 1", "true"), true);
  assert.equal(await hold("object.b == 1", "object.a == 2"), false);
  assert.equal(
    await hold("object.b == 1", "object.c == 1"),
    "[expression 'object.b == 1' resulted in error: no such key: b, expression 'object.c == 1' resulted in error: no such key: c]",
  );
});
