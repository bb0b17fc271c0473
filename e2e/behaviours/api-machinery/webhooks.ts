/** Admission webhooks: who is asked, what they refuse and change, and what becomes of those that do not answer. */
import assert from "node:assert/strict";
import {
  configmaps,
  mutatingwebhookconfigurations,
  pods,
  validatingwebhookconfigurations,
} from "@kubets/api/generated/refs";
import { behaviour } from "../behaviour.ts";
import type { BehaviourContext } from "../context.ts";
import { adds, refusal, rule, webhooks } from "./webhook-fixture.ts";

const name = (what: string) => `[sig-api-machinery] AdmissionWebhook [Privileged:ClusterAdmin] ${what} [Conformance]`;
const api = { on: "api" } as const;

const createConfigMap = (t: BehaviourContext, of: string, data: Record<string, string> = { a: "b" }) =>
  t.client.create(configmaps, { metadata: { namespace: t.namespace, name: of }, data });
const createPod = (t: BehaviourContext, of: string, image: string = t.images.pause) =>
  t.client.create(pods, {
    metadata: { namespace: t.namespace, name: of },
    spec: { containers: [{ name: "c", image }] },
  });

behaviour(name("should include webhook resources in discovery documents"), api, async (t) => {
  const group = (await t.request("GET", "/apis")).json.groups.find(
    (each: { name: string }) => each.name === "admissionregistration.k8s.io",
  );
  assert.ok(group.versions.some((each: { version: string }) => each.version === "v1"));
  assert.equal((await t.request("GET", "/apis/admissionregistration.k8s.io")).json.kind, "APIGroup");
  const { resources } = (await t.request("GET", "/apis/admissionregistration.k8s.io/v1")).json;
  const names = resources.map((each: { name: string }) => each.name);
  for (const each of ["mutatingwebhookconfigurations", "validatingwebhookconfigurations"])
    assert.ok(names.includes(each), each);
});

behaviour(name("should be able to deny pod and configmap creation"), { ...api, timeoutSeconds: 60 }, async (t) => {
  const { server, register } = await webhooks(t);
  let release = () => {};
  const forever = new Promise<void>((resolve) => (release = resolve));
  t.cleanup(() => release());
  const judge = (bad: boolean) =>
    bad ? { allowed: false, status: { message: "the object does not comply" } } : { allowed: true };
  server.answer("/pods", async ({ object }) => {
    if (object.metadata.name === "hangs") await forever;
    return judge(object.metadata.name === "bad");
  });
  server.answer("/configmaps", ({ object }) => judge(object.data["bad"] !== undefined));
  await register("Validating", "/pods", { rules: [rule("pods")], timeoutSeconds: 2 });
  await register("Validating", "/configmaps", {
    rules: [rule("configmaps", ["CREATE", "UPDATE"])],
    namespaceSelector: {
      matchExpressions: [
        { key: "kubernetes.io/metadata.name", operator: "In", values: [t.namespace, await free(t)] },
        { key: "skipped", operator: "DoesNotExist" },
      ],
    },
  });
  assert.match(await refusal(createPod(t, "bad")), /denied the request: the object does not comply/);
  assert.match(await refusal(createPod(t, "hangs")), /failed calling webhook .*(deadline|timeout)/);
  await createPod(t, "good");
  assert.match(await refusal(createConfigMap(t, "bad", { bad: "x" })), /denied the request/);
  await createConfigMap(t, "good");
  const key = { namespace: t.namespace, name: "good" };
  const patched = t.client.patch(configmaps, key, { type: "merge", body: { data: { bad: "x" } } });
  assert.match(await refusal(patched), /denied the request/);
  const there = await t.client.get(configmaps, key);
  assert.match(await refusal(t.client.update(configmaps, { ...there, data: { bad: "x" } })), /denied the request/);
  const skipped = await free(t);
  await t.client.create(configmaps, { metadata: { namespace: skipped, name: "bad" }, data: { bad: "x" } });
});

/** One namespace that the selector leaves out, for each behaviour. */
const frees = new WeakMap<BehaviourContext, Promise<string>>();
function free(t: BehaviourContext): Promise<string> {
  const known = frees.get(t) ?? t.newNamespace({ skipped: "yes" });
  frees.set(t, known);
  return known;
}

behaviour(name("should be able to deny attaching pod"), { on: "simulated" }, async (t) => {
  const { server, register } = await webhooks(t);
  server.answer("/attach", ({ operation, object }) => {
    assert.deepEqual([operation, object.kind], ["CONNECT", "PodAttachOptions"]);
    return { allowed: false, status: { message: "attaching is not allowed" } };
  });
  await register("Validating", "/attach", { rules: [rule("pods/attach", ["CONNECT"])] });
  await createPod(t, "attached");
  await t.podReady("attached");
  assert.match(await refusal(t.kubectl(["attach", "attached", "-i"])), /attaching is not allowed/);
});

behaviour(name("should unconditionally reject operations on fail closed webhook"), api, async (t) => {
  const { register } = await webhooks(t);
  await register("Validating", "/unknown", {
    clientConfig: { url: "https://127.0.0.1:1/closed" },
    failurePolicy: "Fail",
  });
  assert.match(await refusal(createConfigMap(t, "closed")), /failed calling webhook "hook.behaviour.example"/);
});

behaviour(name("should honor timeout"), { ...api, timeoutSeconds: 90 }, async (t) => {
  const { server, register } = await webhooks(t);
  const waiting = new Set<() => void>();
  t.cleanup(() => waiting.forEach((go) => go()));
  let isSlow = true;
  server.answer("/slow", async () => {
    if (isSlow) await new Promise<void>((resolve) => waiting.add(resolve));
    return { allowed: true };
  });
  const using = async (timeoutSeconds: number, failurePolicy: string, run: () => Promise<void>) => {
    const of = await register("Validating", "/slow", { timeoutSeconds, failurePolicy });
    await run();
    await t.client.delete(validatingwebhookconfigurations, { name: of });
  };
  await using(1, "Fail", async () => assert.match(await refusal(createConfigMap(t, "late")), /deadline|timeout/));
  await using(1, "Ignore", async () => void (await createConfigMap(t, "ignored")));
  // The webhook answers before its time is over, however late.
  await using(10, "Fail", async () => {
    const answer = async () => {
      await t.eventually("the webhook to be asked", () => waiting.size >= 3);
      isSlow = false;
      waiting.forEach((go) => go());
    };
    await Promise.all([createConfigMap(t, "in-time"), answer()]);
  });
  await using(10, "Fail", async () => void (await createConfigMap(t, "quick")));
});

behaviour(
  name("should not be able to mutate or prevent deletion of webhook configuration objects"),
  { ...api, alone: true },
  async (t) => {
    const { server, register } = await webhooks(t);
    server.answer("/all", () => ({ allowed: false }));
    const configurations = ["validatingwebhookconfigurations", "mutatingwebhookconfigurations"];
    const everything = {
      rules: configurations.map((each) => rule(each, ["*"], "admissionregistration.k8s.io", "*")),
      namespaceSelector: {},
    };
    await register("Mutating", "/all", everything);
    await register("Validating", "/all", everything);
    for (const kind of ["Validating", "Mutating"] as const) {
      const of = await register(kind, "/all", { rules: [rule("secrets")] });
      const path = `/apis/admissionregistration.k8s.io/v1/${kind.toLowerCase()}webhookconfigurations/${of}`;
      assert.equal((await t.request("GET", path)).json.metadata.annotations, undefined);
      assert.equal((await t.request("DELETE", path)).status, 200);
    }
    assert.deepEqual(server.asked("/all"), []);
  },
);

behaviour(name("should mutate everything except 'skip-me' configmaps"), api, async (t) => {
  const { server, register } = await webhooks(t);
  server.answer("/mutate", () => adds("mutated", "yes"));
  await register("Mutating", "/mutate", {
    matchConditions: [{ name: "skip-me", expression: "object.metadata.name != 'skip-me'" }],
  });
  assert.equal((await createConfigMap(t, "skip-me")).data?.["mutated"], undefined);
  assert.equal((await createConfigMap(t, "other")).data?.["mutated"], "yes");
});

behaviour(name("patching/updating a mutating webhook should work"), api, async (t) => {
  const { server, register } = await webhooks(t);
  server.answer("/mutate", () => adds("mutated", "yes"));
  const of = await register("Mutating", "/mutate");
  assert.equal((await createConfigMap(t, "first")).data?.["mutated"], "yes");
  const there = await t.client.get(mutatingwebhookconfigurations, { name: of });
  const [webhook] = there.webhooks ?? [];
  assert.ok(webhook);
  await t.client.update(mutatingwebhookconfigurations, {
    ...there,
    webhooks: [{ ...webhook, rules: [rule("configmaps", ["UPDATE"])] }],
  });
  assert.equal((await createConfigMap(t, "second")).data?.["mutated"], undefined);
  await t.client.patch(
    mutatingwebhookconfigurations,
    { name: of },
    { type: "json", body: [{ op: "replace", path: "/webhooks/0/rules/0/operations/0", value: "CREATE" }] },
  );
  assert.equal((await createConfigMap(t, "third")).data?.["mutated"], "yes");
});

behaviour(name("listing mutating webhooks should work"), api, async (t) => {
  const { server, register } = await webhooks(t);
  const labels = { listed: t.namespace };
  const labelSelector = `listed=${t.namespace}`;
  for (let i = 0; i < 10; i++) {
    server.answer(`/m${i}`, () => adds(`m${i}`, "yes"));
    await register("Mutating", `/m${i}`, {}, labels);
  }
  const { items } = await t.client.list(mutatingwebhookconfigurations, { labelSelector });
  assert.equal(items.length, 10);
  assert.equal(Object.keys((await createConfigMap(t, "mutated")).data ?? {}).length, 11);
  await t.client.deleteCollection(mutatingwebhookconfigurations, { labelSelector });
  assert.equal((await t.client.list(mutatingwebhookconfigurations, { labelSelector })).items.length, 0);
  assert.deepEqual((await createConfigMap(t, "plain")).data, { a: "b" });
});

for (const kind of ["mutating", "validating"] as const) {
  const capital = kind === "mutating" ? "Mutating" : "Validating";
  const ref = kind === "mutating" ? mutatingwebhookconfigurations : validatingwebhookconfigurations;
  const path = `/apis/admissionregistration.k8s.io/v1/${ref.resource}`;
  const condition = (expression: string) => ({ matchConditions: [{ name: "expression", expression }] });

  behaviour(
    name(`should be able to create and update ${kind} webhook configurations with match conditions`),
    api,
    async (t) => {
      const { register } = await webhooks(t);
      const of = await register(capital, "/x", condition("object.metadata.name == 'a'"));
      const there = (await t.request("GET", `${path}/${of}`)).json;
      assert.deepEqual(there.webhooks[0].matchConditions, condition("object.metadata.name == 'a'").matchConditions);
      Object.assign(there.webhooks[0], condition("object.metadata.name == 'b'"));
      assert.equal((await t.request("PUT", `${path}/${of}`, there)).status, 200);
      const again = (await t.request("GET", `${path}/${of}`)).json;
      assert.deepEqual(again.webhooks[0].matchConditions, condition("object.metadata.name == 'b'").matchConditions);
    },
  );

  behaviour(name(`should reject ${kind} webhook configurations with invalid match conditions`), api, async (t) => {
    const { register } = await webhooks(t);
    assert.match(await refusal(register(capital, "/x", condition("... [] bad expression"))), /compilation failed/);
  });
}

behaviour(name("should deny crd creation"), { ...api, alone: true }, async (t) => {
  const { server, register } = await webhooks(t);
  server.answer("/crd", () => ({ allowed: false, status: { message: "no new kinds" } }));
  await register("Validating", "/crd", {
    rules: [rule("customresourcedefinitions", ["CREATE"], "apiextensions.k8s.io", "*")],
    namespaceSelector: {},
  });
  const refused = await t.request("POST", CRDS, definition(t.name("denied"), { v1: { type: "object" } }));
  assert.match(refused.json.message, /denied the request: no new kinds/);
});

const CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";

/** A kind of a group of its own, with a schema for each version; the first is stored. */
function definition(group: string, versions: Record<string, object>) {
  return {
    metadata: { name: `things.${group}.example` },
    spec: {
      group: `${group}.example`,
      scope: "Namespaced",
      names: { plural: "things", singular: "thing", kind: "Thing", listKind: "ThingList" },
      versions: Object.entries(versions).map(([version, openAPIV3Schema], i) => ({
        name: version,
        served: true,
        storage: i === 0,
        schema: { openAPIV3Schema },
      })),
    },
  };
}

/** Makes the definition and gives the path of its collection, once it is served. */
async function define(t: BehaviourContext, versions: Record<string, object>): Promise<{ group: string; path: string }> {
  const group = t.name("hooked");
  const made = await t.request("POST", CRDS, definition(group, versions));
  assert.equal(made.status, 201, made.text);
  t.cleanup(() => t.request("DELETE", `${CRDS}/things.${group}.example`));
  const path = `/apis/${group}.example/v1/namespaces/${t.namespace}/things`;
  await t.eventually("the kind to be served", async () => (await t.request("GET", path)).status === 200);
  return { group: `${group}.example`, path };
}

const OPEN = {
  type: "object",
  properties: { data: { type: "object", "x-kubernetes-preserve-unknown-fields": true } },
};

behaviour(name("should mutate custom resource with pruning"), api, async (t) => {
  const { server, register } = await webhooks(t);
  const field = (key: string) => ({ [key]: { type: "string" } });
  const schema = {
    type: "object",
    properties: { data: { type: "object", properties: { ...field("start"), ...field("one") } } },
  };
  const { group, path } = await define(t, { v1: schema });
  server.answer("/one", () => adds("one", "yes"));
  server.answer("/two", () => adds("two", "yes"));
  for (const hook of ["/one", "/two"]) await register("Mutating", hook, { rules: [rule("things", ["CREATE"], group)] });
  const made = await t.request("POST", path, {
    apiVersion: `${group}/v1`,
    kind: "Thing",
    metadata: { name: "pruned" },
    data: { start: "yes" },
  });
  assert.deepEqual(made.json.data, { start: "yes", one: "yes" }, made.text);
});

behaviour(name("should mutate custom resource with different stored version"), api, async (t) => {
  const { server, register } = await webhooks(t);
  const { group, path } = await define(t, { v1: OPEN, v2: OPEN });
  server.answer("/mutate", ({ object }) => (object.data["mutated"] ? { allowed: true } : adds("mutated", "yes")));
  await register("Mutating", "/mutate", { rules: [rule("things", ["CREATE", "UPDATE"], group, "*")] });
  const body = { apiVersion: `${group}/v1`, kind: "Thing", metadata: { name: "moved" }, data: { start: "yes" } };
  const made = await t.request("POST", path, body);
  assert.deepEqual(made.json.data, { start: "yes", mutated: "yes" }, made.text);
  const merge = { "content-type": "application/merge-patch+json" };
  const there = (await t.request("GET", `${CRDS}/things.${group}`)).json;
  const versions = there.spec.versions.map((each: { name: string }) => ({ ...each, storage: each.name === "v2" }));
  assert.equal((await t.request("PATCH", `${CRDS}/things.${group}`, { spec: { versions } }, merge)).status, 200);
  await t.eventually("the other version to be stored", async () => {
    const { status, json } = await t.request("PATCH", `${path}/moved`, { data: { patched: "yes" } }, merge);
    return status === 200 && json.data.patched === "yes" && json.data.mutated === "yes";
  });
});
