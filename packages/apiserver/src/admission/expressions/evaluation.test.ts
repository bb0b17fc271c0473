import assert from "node:assert/strict";
import { test } from "node:test";
import { compileExpression, wanted } from "@kubets/api/admissionregistration/expressions/compile";
import { expressionEnvironment } from "@kubets/api/admissionregistration/expressions/environment";
import { compileVariables } from "@kubets/api/admissionregistration/expressions/variables";
import { podResource } from "@kubets/api/core/pod/index";
import type { Variable } from "@kubets/api/generated/types/admissionregistration-v1";
import { Budget, toJson } from "@kubets/cel";
import type { AdmissionContext, AdmissionRequest } from "../plugin.ts";
import { requestAuthorizer } from "./authorizer.ts";
import { compileConditions, conditionsHold } from "./conditions.ts";
import { BudgetSpent, Evaluation } from "./evaluation.ts";

const request = () =>
  ({
    resource: podResource,
    subresource: "",
    namespace: "default",
    name: "a",
    user: { name: "u", groups: [] },
  }) as unknown as AdmissionRequest;

const expression = (source: string, variables: readonly Variable[] = []) => {
  const { types } = compileVariables(variables, { authorizer: true });
  const environment = expressionEnvironment({ authorizer: true, variables: types });
  return { source, compiled: compileExpression(source, environment, wanted.anything) };
};

const valueOf = async (evaluation: Evaluation, source: string, variables: readonly Variable[] = []) => {
  const { value, error } = await evaluation.evaluate(expression(source, variables));
  return error ?? toJson(value as NonNullable<typeof value>);
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
  const evaluation = new Evaluation(own, { authorizer, "authorizer.requestResource": requestResource });
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
  const { variables: compiled } = compileVariables(variables, { authorizer: true });
  const evaluation = new Evaluation(request(), activation, compiled);
  assert.equal(await valueOf(evaluation, "true", variables), true);
  assert.equal(reads, 0);
  assert.equal(await valueOf(evaluation, "variables.a + variables.a", variables), 4);
  assert.equal(await valueOf(evaluation, "variables.a", variables), 2);
  assert.equal(reads, 1);
  assert.equal(
    await valueOf(evaluation, "variables.bad == 1", variables),
    `expression 'variables.bad == 1' resulted in error: composited variable "bad" fails to evaluate: division by zero`,
  );
});

test("all expressions of a policy share one budget", async () => {
  const evaluation = new Evaluation(request(), { object: { list: [1, 2, 3] } }, [], new Budget(20));
  const source = "object.list.all(x, x > 0)";
  assert.equal(await valueOf(evaluation, "object.list.size() == 3"), true);
  await assert.rejects(valueOf(evaluation, source), BudgetSpent);
});

test("others get their turn between expressions", async () => {
  const list = Array.from({ length: 100 }, (_, i) => i);
  const own = request();
  const evaluation = new Evaluation(own, { object: { list } });
  const source = "object.list.all(a, object.list.all(b, a + b >= 0))";
  let isDone = false;
  const turns: boolean[] = [];
  setImmediate(() => turns.push(isDone));
  for (let i = 0; i < 60; i++) assert.equal(await valueOf(evaluation, source), true);
  isDone = true;
  assert.deepEqual(turns, [false]);
});

test("a condition that does not hold counts for more than one that fails, and failures are told together", async () => {
  const hold = (...expressions: string[]) =>
    conditionsHold(
      compileConditions(expressions.map((each, i) => ({ name: `c${i}`, expression: each }))),
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
