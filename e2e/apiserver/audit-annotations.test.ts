/** What webhooks and policies leave in the audit log, over real HTTPS: their own notes, who changed what, who was passed over, and what a policy only notes. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, describe, it } from "node:test";
import { Audit } from "@kubets/apiserver/audit/audit";
import { compilePolicy, loadPolicy } from "@kubets/apiserver/audit/policy";
import { realClock } from "@kubets/machinery";
import { MemoryStorage } from "@kubets/storage";
import { startApiServer } from "../api-server.ts";
import { type Ask, asker } from "./api.ts";
import { startWebhooks, type WebhookServer } from "./webhook-server.ts";

const REGISTRATION = "/apis/admissionregistration.k8s.io/v1";
const CORE = "/api/v1/namespaces/default";
const KINDS = ["mutatingwebhookconfigurations", "validatingwebhookconfigurations"];
const POLICIES = ["validatingadmissionpolicies", "validatingadmissionpolicybindings"];
const POLICY = `apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- {level: Request, verbs: [create], resources: [{group: "", resources: [configmaps]}]}
- {level: Metadata, verbs: [create], resources: [{group: "", resources: [secrets]}]}
- level: None
`;

type Notes = Readonly<Record<string, string>>;
let server: Awaited<ReturnType<typeof startApiServer>>;
let hooks: WebhookServer;
let ask: Ask;
let events: { annotations?: Notes }[] = [];

before(async () => {
  hooks = await startWebhooks();
  const folder = mkdtempSync(join(tmpdir(), "kubets-audit-"));
  writeFileSync(join(folder, "policy.yaml"), POLICY);
  const policy = compilePolicy(loadPolicy(join(folder, "policy.yaml")));
  rmSync(folder, { recursive: true });
  const audit = new Audit(policy, { tell: (event) => void events.push(event) }, realClock);
  server = await startApiServer(new MemoryStorage(), { audit });
  ask = asker(server.overHttps);
  await ask("POST", "/api/v1/namespaces", { metadata: { name: "default" } });
});
afterEach(async () => {
  for (const kind of [...KINDS, ...POLICIES]) await ask("DELETE", `${REGISTRATION}/${kind}`);
});
after(async () => {
  await server.stop();
  await hooks.close();
});

async function register(kind: (typeof KINDS)[number], path: string, more: object = {}) {
  const rule = { apiGroups: [""], apiVersions: ["v1"], resources: ["configmaps", "secrets"], operations: ["CREATE"] };
  const webhook = {
    name: "hook.test.example",
    clientConfig: { url: `${hooks.url}${path}`, caBundle: hooks.caBundle },
    rules: [rule],
    sideEffects: "None",
    admissionReviewVersions: ["v1"],
    ...more,
  };
  const made = await ask("POST", `${REGISTRATION}/${kind}`, { metadata: { name: "hooks" }, webhooks: [webhook] });
  assert.equal(made.status, 201, JSON.stringify(made.body));
}

/** What the audit log notes of a create, without what the authorizer says. */
async function notesOf(resource: string, name: string): Promise<Notes> {
  events = [];
  const made = await ask("POST", `${CORE}/${resource}`, { metadata: { name }, data: {} });
  assert.equal(made.status, 201, JSON.stringify(made.body));
  const all = Object.entries(events.at(-1)?.annotations ?? {});
  return Object.fromEntries(all.filter(([key]) => !key.startsWith("authorization.k8s.io/")));
}

describe("the audit log", () => {
  it("holds what a webhook notes and changes; what it changed, where objects are told of", async () => {
    const patch = [{ op: "add", path: "/metadata/labels", value: { a: "b" } }];
    hooks.answer("/note", () => ({ allowed: true, patch, auditAnnotations: { key: "value" } }));
    await register("mutatingwebhookconfigurations", "/note");
    const who = { configuration: "hooks", webhook: "hook.test.example" };
    const always = {
      "hook.test.example/key": "value",
      "mutation.webhook.admission.k8s.io/round_0_index_0": JSON.stringify({ ...who, mutated: true }),
    };
    const change = JSON.stringify({ ...who, patch, patchType: "JSONPatch" });
    assert.deepEqual(await notesOf("configmaps", "a"), {
      ...always,
      "patch.webhook.admission.k8s.io/round_0_index_0": change,
    });
    assert.deepEqual(await notesOf("secrets", "a"), always);
  });

  it("holds which webhooks were passed over", async () => {
    for (const kind of KINDS) await register(kind, "/nowhere", { failurePolicy: "Ignore" });
    assert.deepEqual(await notesOf("secrets", "b"), {
      "failed-open.mutation.webhook.admission.k8s.io/round_0_index_0": "hook.test.example",
      "failed-open.validating.webhook.admission.k8s.io/round_0_index_0": "hook.test.example",
    });
  });

  it("holds what a policy notes, and what it would have refused", async () => {
    const resourceRules = [{ apiGroups: [""], apiVersions: ["v1"], resources: ["secrets"], operations: ["CREATE"] }];
    await ask("POST", `${REGISTRATION}/validatingadmissionpolicies`, {
      metadata: { name: "noting" },
      spec: {
        matchConstraints: { resourceRules },
        validations: [{ expression: "object.metadata.name != 'c'", message: "not this one" }],
        auditAnnotations: [{ key: "name", valueExpression: "'it is ' + object.metadata.name" }],
      },
    });
    const spec = { policyName: "noting", validationActions: ["Audit"] };
    await ask("POST", `${REGISTRATION}/validatingadmissionpolicybindings`, { metadata: { name: "all" }, spec });
    const failure = {
      message: "not this one",
      policy: "noting",
      binding: "all",
      expressionIndex: 0,
      validationActions: ["Audit"],
    };
    assert.deepEqual(await notesOf("secrets", "c"), {
      "noting/name": "it is c",
      "validation.policy.admission.k8s.io/validation_failure": JSON.stringify([failure]),
    });
    assert.deepEqual(await notesOf("secrets", "d"), { "noting/name": "it is d" });
  });
});
