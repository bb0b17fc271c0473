/** Policies on an API server over HTTPS: what their expressions refuse, warn of and change, with parameters, variables, and in the company of webhooks. */
import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import { MemoryStorage } from "@kubets/storage";
import { startApiServer } from "../api-server.ts";
import { type Ask, asker } from "./api.ts";
import { startWebhooks, type WebhookServer } from "./webhook-server.ts";

const REGISTRATION = "/apis/admissionregistration.k8s.io/v1";
const CONFIGMAPS = "/api/v1/namespaces/default/configmaps";
const MERGE = { "content-type": "application/merge-patch+json" };

let server: Awaited<ReturnType<typeof startApiServer>>;
let hooks: WebhookServer;
let ask: Ask;
let serial = 0;

const about = (resource: string, operations = ["CREATE", "UPDATE"]) => ({
  resourceRules: [{ apiGroups: ["*"], apiVersions: ["*"], operations, resources: [resource] }],
});

async function make(path: string, body: object): Promise<string> {
  const made = await ask("POST", `${REGISTRATION}/${path}`, body);
  assert.equal(made.status, 201, JSON.stringify(made.body));
  return made.body.metadata.name;
}

async function policy(
  kind: "validating" | "mutating",
  spec: Record<string, unknown>,
  binding: Record<string, unknown> = {},
): Promise<string> {
  const name = `policy-${++serial}`;
  const more = kind === "mutating" ? { reinvocationPolicy: "Never" } : {};
  const metadata = { name };
  await make(`${kind}admissionpolicies`, {
    metadata,
    spec: { matchConstraints: about("configmaps"), ...more, ...spec },
  });
  const actions = kind === "validating" ? { validationActions: ["Deny"] } : {};
  await make(`${kind}admissionpolicybindings`, { metadata, spec: { policyName: name, ...actions, ...binding } });
  return name;
}

const create = (name: string, data: object = {}, more: object = {}) =>
  ask("POST", CONFIGMAPS, { metadata: { name, ...more }, data });

before(async () => {
  hooks = await startWebhooks();
  server = await startApiServer(new MemoryStorage());
  ask = asker(server.overHttps);
  await ask("POST", "/api/v1/namespaces", { metadata: { name: "default" } });
});
afterEach(async () => {
  for (const kind of ["validatingadmission", "mutatingadmission"])
    for (const what of ["policybindings", "policies"]) await ask("DELETE", `${REGISTRATION}/${kind}${what}`);
  for (const kind of ["validating", "mutating"]) await ask("DELETE", `${REGISTRATION}/${kind}webhookconfigurations`);
  await ask("DELETE", CONFIGMAPS);
});
after(async () => {
  await server.stop();
  await hooks.close();
});

describe("a validating policy", () => {
  it("refuses with a reason and a message of its own", async () => {
    const name = await policy("validating", {
      variables: [{ name: "size", expression: "size(object.data)" }],
      validations: [
        {
          expression: "variables.size < 2",
          messageExpression: "'too many: ' + string(variables.size)",
          reason: "Forbidden",
        },
      ],
    });
    assert.equal((await create("few", { a: "1" })).status, 201);
    const refused = await create("many", { a: "1", b: "2" });
    assert.deepEqual([refused.status, refused.body.reason], [403, "Forbidden"]);
    assert.equal(
      refused.body.message,
      `configmaps "many" is forbidden: ValidatingAdmissionPolicy '${name}' with binding '${name}' denied request: too many: 2`,
    );
  });

  it("takes parameters from objects that a binding selects", async () => {
    const limit = (name: string, max: string) => create(name, { max }, { labels: { limit: "yes" } });
    await limit("limit", "3");
    await policy(
      "validating",
      {
        paramKind: { apiVersion: "v1", kind: "ConfigMap" },
        matchConstraints: about("secrets"),
        validations: [{ expression: "size(object.metadata.name) <= int(params.data.max)" }],
      },
      { paramRef: { selector: { matchLabels: { limit: "yes" } }, parameterNotFoundAction: "Deny" } },
    );
    const secret = (name: string) => ask("POST", "/api/v1/namespaces/default/secrets", { metadata: { name } });
    assert.equal((await secret("abc")).status, 201);
    assert.equal((await secret("abcd")).status, 422);
    await limit("stricter", "1");
    assert.equal((await secret("ab")).status, 422, "all parameters count");
    await ask("DELETE", CONFIGMAPS);
    assert.match((await secret("a")).body.message, /no params found for policy binding with `Deny`/);
  });

  it("asks the authorizer about others", async () => {
    await policy("validating", {
      validations: [
        {
          expression: "authorizer.serviceAccount('default', 'x').group('').resource('secrets').check('get').allowed()",
          message: "it may not",
        },
      ],
    });
    assert.match((await create("asked")).body.message, /denied request: it may not$/);
  });

  it("ends an expression that costs too much, and the server lives on", async () => {
    await policy("validating", {
      validations: [{ expression: "object.data.all(a, object.data.all(b, object.data.all(c, a + b + c != '')))" }],
    });
    const data = Object.fromEntries(Array.from({ length: 400 }, (_, i) => [`key-${i}`, "x"]));
    const [refused, other] = await Promise.all([create("costly", data), ask("GET", "/readyz")]);
    assert.match(refused.body.message, /operation (cancelled: actual cost limit exceeded|interrupted)/);
    assert.equal(other.status, 200);
  });

  it("warns, and never judges the policies themselves", async () => {
    await policy(
      "validating",
      { matchConstraints: about("*", ["*"]), validations: [{ expression: "false", message: "always" }] },
      { validationActions: ["Warn"] },
    );
    const warned = await create("warned");
    assert.deepEqual([warned.status, warned.warnings.length], [201, 1]);
    assert.match(warned.warnings[0] ?? "", /^Validation failed for ValidatingAdmissionPolicy .*: always$/);
    const { warnings } = await ask("GET", `${REGISTRATION}/validatingadmissionpolicies`);
    assert.deepEqual(warnings, []);
    const name = await policy("validating", { validations: [{ expression: "true" }] });
    assert.equal((await ask("DELETE", `${REGISTRATION}/validatingadmissionpolicies/${name}`)).warnings.length, 0);
  });

  it("is refused when it does not compile, with the place", async () => {
    const refused = await ask("POST", `${REGISTRATION}/validatingadmissionpolicies`, {
      metadata: { name: "wrong" },
      spec: { matchConstraints: about("pods"), validations: [{ expression: "object.x == request.nothing" }] },
    });
    assert.equal(refused.status, 422);
    assert.match(
      refused.body.message,
      /spec.validations\[0\].expression: Invalid value: .*: compilation failed: ERROR: <input>:1:20: undefined field 'nothing'/,
    );
  });
});

describe("a mutating policy", () => {
  it("changes objects on their way, as server-side apply would", async () => {
    await policy("mutating", {
      mutations: [
        {
          patchType: "ApplyConfiguration",
          applyConfiguration: {
            expression:
              "Object{metadata: Object.metadata{labels: {'by': request.userInfo.username}}, data: {'n': string(size(object.data))}}",
          },
        },
      ],
    });
    const made = await create("applied", { a: "1" }, { labels: { own: "x" } });
    assert.deepEqual(made.body.metadata.labels, { own: "x", by: "admin" });
    assert.deepEqual(made.body.data, { a: "1", n: "1" });
  });

  it("changes them by JSON patches, with keys escaped", async () => {
    await policy("mutating", {
      mutations: [
        {
          patchType: "JSONPatch",
          jsonPatch: {
            expression:
              "[JSONPatch{op: 'add', path: '/metadata/annotations', value: {}}, JSONPatch{op: 'add', path: '/metadata/annotations/' + jsonpatch.escapeKey('a.example/b'), value: 'c'}]",
          },
        },
      ],
    });
    assert.deepEqual((await create("patched")).body.metadata.annotations, { "a.example/b": "c" });
  });

  it("changes a scale", async () => {
    const labels = { app: "x" };
    const path = "/apis/apps/v1/namespaces/default/deployments";
    await ask("POST", path, {
      metadata: { name: "d" },
      spec: {
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { containers: [{ name: "c", image: "i" }] } },
      },
    });
    await policy("mutating", {
      matchConstraints: about("deployments/scale", ["UPDATE"]),
      mutations: [
        {
          patchType: "JSONPatch",
          jsonPatch: { expression: "[JSONPatch{op: 'replace', path: '/spec/replicas', value: 2}]" },
        },
      ],
    });
    const scaled = await ask("PATCH", `${path}/d/scale`, { spec: { replicas: 50 } }, MERGE);
    assert.deepEqual(scaled.body.spec, { replicas: 2 });
  });

  it("takes its turn before webhooks, and another when it wants it and a webhook changed something", async () => {
    hooks.answer("/count", (request) =>
      request.object.data["hooked"]
        ? { allowed: true }
        : { allowed: true, patch: [{ op: "add", path: "/data/hooked", value: "yes" }] },
    );
    await policy("mutating", {
      reinvocationPolicy: "IfNeeded",
      mutations: [
        {
          patchType: "ApplyConfiguration",
          applyConfiguration: { expression: "Object{data: {'keys': object.data.map(k, k).join(',')}}" },
        },
      ],
    });
    await ask("POST", `${REGISTRATION}/mutatingwebhookconfigurations`, {
      metadata: { name: "hook" },
      webhooks: [
        {
          name: "w.test.example",
          clientConfig: { url: `${hooks.url}/count`, caBundle: hooks.caBundle },
          rules: [{ apiGroups: [""], apiVersions: ["v1"], operations: ["CREATE"], resources: ["configmaps"] }],
          sideEffects: "None",
          admissionReviewVersions: ["v1"],
        },
      ],
    });
    const made = await create("turns", { a: "1" });
    assert.equal(hooks.asked("/count")[0]?.object.data["keys"], "a");
    assert.deepEqual(made.body.data["keys"]?.split(",").sort(), ["a", "hooked", "keys"]);
  });
});

it("a webhook's match conditions decide whether it is asked", async () => {
  hooks.answer("/no", () => ({ allowed: false }));
  const webhook = (matchConditions: object[], failurePolicy = "Fail") => ({
    name: "w.test.example",
    clientConfig: { url: `${hooks.url}/no`, caBundle: hooks.caBundle },
    rules: [{ apiGroups: [""], apiVersions: ["v1"], operations: ["CREATE"], resources: ["configmaps"] }],
    sideEffects: "None",
    admissionReviewVersions: ["v1"],
    failurePolicy,
    matchConditions,
  });
  const path = `${REGISTRATION}/validatingwebhookconfigurations`;
  const conditions = [
    { name: "not-skipped", expression: "object.metadata.name != 'skip-me'" },
    { name: "readable", expression: "object.data.x == 'y'" },
  ];
  await ask("POST", path, { metadata: { name: "conditions" }, webhooks: [webhook(conditions)] });
  assert.equal((await create("skip-me")).status, 201, "one that does not hold counts for more than one that fails");
  assert.equal((await create("asked", { x: "y" })).status, 400);
  assert.equal((await create("not-asked", { x: "n" })).status, 201);
  const failing = await create("failing");
  assert.equal(failing.status, 403);
  assert.equal(
    failing.body.message,
    `configmaps "failing" is forbidden: expression 'object.data.x == 'y'' resulted in error: no such key: data`,
  );
  const wrong = await ask("POST", path, {
    metadata: { name: "wrong" },
    webhooks: [webhook([{ name: "a", expression: "object ==" }])],
  });
  assert.match(
    wrong.body.message,
    /webhooks\[0\].matchConditions\[0\].expression: Invalid value: "object ==": compilation failed: /,
  );
});
