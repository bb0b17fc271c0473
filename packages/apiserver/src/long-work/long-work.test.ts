/** What takes long is done in another thread, with the same outcome as here, while this one goes on. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { podResource } from "@kubets/api/core/pod/index";
import { customresourcedefinitions, validatingadmissionpolicies } from "@kubets/api/generated/refs";
import type { JSONSchemaProps } from "@kubets/api/generated/types/apiextensions-v1";
import { type Activation, Budget } from "@kubets/cel";
import { inOneStretch, step, TooLong } from "@kubets/machinery/stretch";
import { requestAuthorizer } from "../admission/expressions/authorizer.ts";
import { Evaluation } from "../admission/expressions/evaluation.ts";
import { Expressions, type ExpressionText } from "../admission/expressions/expression.ts";
import { BudgetSpent } from "../admission/expressions/run.ts";
import type { AdmissionContext, AdmissionRequest } from "../admission/plugin.ts";
import { startTestServer } from "../testing/server.ts";
import { definitionOfThings, untilServed } from "../testing/things.ts";
import { told } from "../testing/told.ts";
import { Tasks } from "./do-task.ts";

const list = Array.from({ length: 100 }, (_, i) => i);
/** Costs some 60,000. */
const LONG = "object.list.all(a, object.list.all(b, a + b >= 0))";

const request = {
  resource: podResource,
  subresource: "",
  namespace: "default",
  name: "a",
  user: { name: "u", groups: [] },
} as unknown as AdmissionRequest;

function evaluation(
  source: { object: unknown },
  { variables = {}, budget = new Budget(), asked = [] as string[] } = {},
) {
  const context = {
    authorize: async ({ verb }: { verb: string }) => {
      asked.push(verb);
      return { verdict: verb === "get" ? "allow" : "noOpinion", why: "because" };
    },
  } as unknown as AdmissionContext;
  const { authorizer, requestResource } = requestAuthorizer(request, context);
  const activation: Activation = { ...source, authorizer, "authorizer.requestResource": requestResource };
  const scope = {
    params: false,
    variables: Object.entries<string>(variables).map(([name, expression]) => ({ name, expression })),
  };
  return new Evaluation(request, activation, new Expressions(scope), budget);
}

const anything = (source: string): ExpressionText => ({ source, wants: "anything", authorizer: true });

test("work in a stretch ends with it, and nothing else is bounded", () => {
  assert.equal(
    inOneStretch(() => {
      for (let i = 0; i < 10; i++) step();
      return "done";
    }, 10),
    "done",
  );
  assert.throws(() => inOneStretch(() => step(11), 10), TooLong);
  assert.throws(() => inOneStretch(() => inOneStretch(() => step(11), 100), 10), TooLong);
  for (let i = 0; i < 10; i++) step(1e9);
});

test("a costly expression is evaluated elsewhere, and others go on meanwhile", async () => {
  const evaluating = evaluation({ object: { list } });
  let turns = 0;
  let isDone = false;
  const count = () => {
    turns++;
    if (!isDone) setImmediate(count);
  };
  setImmediate(count);
  assert.deepEqual(await evaluating.evaluate(anything(LONG)), { value: true });
  isDone = true;
  assert.ok(turns > 1, `${turns} turns`);
  assert.deepEqual(await evaluating.evaluate(anything("object.list.size()")), { value: 100 });
});

test("errors, variables, long texts and the budget are as they are here", async () => {
  const variables = { sum: `${LONG} ? object.list.sum() : 0`, bad: `${LONG} ? 1 / 0 : 0` };
  const evaluating = evaluation({ object: { list, text: "ab1 ".repeat(200_000) } }, { variables });
  assert.deepEqual(await evaluating.evaluate(anything("variables.sum + variables.sum")), { value: 9900 });
  assert.deepEqual(await evaluating.evaluate(anything("variables.bad == 1")), {
    error: `expression 'variables.bad == 1' resulted in error: composited variable "bad" fails to evaluate: division by zero`,
  });
  assert.deepEqual(await evaluating.evaluate(anything("object.text.findAll('[a-z]1').size()")), { value: 200_000 });
  assert.deepEqual(await evaluating.evaluate(anything("object.text.upperAscii().contains('b')")), { value: false });
  const poor = evaluation({ object: { list } }, { budget: new Budget(50_000) });
  assert.deepEqual(await poor.evaluate(anything("object.list.size()")), { value: 100 });
  await assert.rejects(poor.evaluate(anything(LONG)), BudgetSpent);
});

test("the authorizer is asked from there, once for each question", async () => {
  const asked: string[] = [];
  const evaluating = evaluation({ object: { list } }, { asked });
  const may = (verb: string) => `authorizer.group('').resource('secrets').check('${verb}').allowed()`;
  const source = `${LONG} && ${may("get")} && !authorizer.requestResource.check('list').allowed()`;
  assert.deepEqual(await evaluating.evaluate(anything(source)), { value: true });
  assert.deepEqual(await evaluating.evaluate(anything(may("get"))), { value: true });
  assert.deepEqual(asked, ["get", "list"]);
});

test("a long expression is compiled elsewhere, and its errors are the same", async () => {
  const evaluating = evaluation({ object: { list } });
  const sum = Array.from({ length: 200 }, (_, i) => `object.list[${i % 100}]`).join(" + ");
  assert.deepEqual(await evaluating.evaluate(anything(`[${`${sum}, `.repeat(20)}object.list[0]].size()`)), {
    value: 21,
  });
  const { error } = await evaluating.evaluate(anything(`[${`${sum}, `.repeat(20)}missing].size()`));
  assert.match(error ?? "", /^compilation error: .*undeclared reference to 'missing'/s);
});

const definition = (spec: JSONSchemaProps) => definitionOfThings({ properties: { spec } });

test("what takes too much memory is not done, and the next one is", async () => {
  const variables = Object.fromEntries(
    Array.from({ length: 20 }, (_, i) => [`v${i}`, "[1, 2, 3, 4].map(i, object.text.split(''))"]),
  );
  const evaluating = evaluation({ object: { text: "x".repeat(1e6), list } }, { variables });
  const all = Object.keys(variables).map((name) => `variables.${name}.size()`);
  const { error } = (await evaluating.evaluate(anything(`${all.join(" + ")} > 0`))) as { error: string };
  assert.match(error, /operation interrupted/);
  assert.deepEqual(await evaluation({ object: { list } }).evaluate(anything(LONG)), { value: true });
});

test("an expression whose compilation takes longer than there is time is not done", () => {
  const text = anything(`[${"1+1,".repeat(20_000)}1].size()`);
  const begin = { scope: { params: false, variables: [] }, values: {}, own: {}, budget: 1000 };
  const task = { what: "evaluate", session: 1, begin, text, answers: [] } as const;
  assert.deepEqual(new Tasks(0).do(task), { tooLong: true });
});

test("large definitions, policies and custom objects are judged elsewhere, and told the same errors", async () => {
  const { server, admin, close } = await startTestServer();
  const rule = (n: number) => ({ rule: `self.a${n} >= 0 || self.a${n} in [${list.join(", ")}]` });
  const properties = Object.fromEntries(list.map((n) => [`a${n}`, { type: "integer" }]));
  const wrong = { type: "object", properties, "x-kubernetes-validations": [...list.map(rule), { rule: "self.b > 0" }] };
  await assert.rejects(admin.create(customresourcedefinitions, definition(wrong)), /undefined field 'b'/);

  const items = { type: "string", maxLength: 20, pattern: "^[a-z]+$" };
  const texts = { type: "array", maxItems: 5000, items };
  const schema = {
    type: "object",
    properties: { texts },
    "x-kubernetes-validations": [{ rule: "self.texts.all(t, t != 'b')", message: "no b" }],
  };
  await admin.create(customresourcedefinitions, definition(schema));
  const things = { group: "example.com", version: "v1", resource: "things", kind: "Thing", namespaced: false };
  await untilServed(server);
  const thing = (name: string, last: string) => ({
    apiVersion: "example.com/v1",
    kind: "Thing",
    metadata: { name },
    spec: { texts: [...Array.from({ length: 4000 }, () => "a"), last] },
  });
  const create = (object: object) => admin.create(things as never, object as never);
  const measured = () =>
    told(server.context.metrics.registry, "apiserver_cel_evaluation_duration_seconds_count") as number;
  const before = measured();
  await create(thing("fine", "c"));
  assert.equal(measured(), before + 1, "what is measured there is told here");
  await assert.rejects(create(thing("wrong", "B")), /spec\.texts\[4000\] in body should match '\^\[a-z\]\+\$'/);
  await assert.rejects(create(thing("ruled", "b")), /spec: Invalid value: .*no b/);
  const patch = { metadata: { labels: { x: "y" } } };
  await admin.patch(things as never, { name: "fine" }, { type: "merge", body: patch });

  const spec = {
    matchConstraints: {
      resourceRules: [{ apiGroups: [""], apiVersions: ["v1"], operations: ["CREATE"], resources: ["pods"] }],
    },
    validations: [
      {
        expression: `[${list.map((n) => `object.a${n} + ${"object.b * 2 + ".repeat(20)}0`).join(", ")}, missing].size() > 0`,
      },
    ],
  };
  await assert.rejects(
    admin.create(validatingadmissionpolicies, { metadata: { name: "long" }, spec } as never),
    /undeclared reference to 'missing'/,
  );
  await close();
});
