/** Admission webhooks over real HTTPS: who is asked what, what becomes of the answers, and what of servers that do not answer. */
import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import { MemoryStorage } from "@kubets/storage";
import { startApiServer } from "../api-server.ts";
import { type Ask, asker } from "./api.ts";
import { startHttps } from "./https-server.ts";
import { startWebhooks, type WebhookServer } from "./webhook-server.ts";

const REGISTRATION = "/apis/admissionregistration.k8s.io/v1";
const CONFIGMAPS = "/api/v1/namespaces/default/configmaps";
const allow = () => ({ allowed: true });

let server: Awaited<ReturnType<typeof startApiServer>>;
let hooks: WebhookServer;
let ask: Ask;
let serial = 0;

const rule = (resources: readonly string[], operations = ["CREATE"], more: object = {}) => ({
  apiGroups: ["*"],
  apiVersions: ["*"],
  resources,
  operations,
  ...more,
});

const configMap = (name: string, more: object = {}) => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name, ...(more as { metadata?: object }).metadata },
  data: { a: "b" },
});

/** Registers webhooks under a configuration of their own; each is told its path, and more if need be. */
async function register(kind: "Mutating" | "Validating", ...webhooks: ({ path: string } & Record<string, unknown>)[]) {
  const name = `hooks-${++serial}`;
  const made = await ask("POST", `${REGISTRATION}/${kind.toLowerCase()}webhookconfigurations`, {
    apiVersion: "admissionregistration.k8s.io/v1",
    kind: `${kind}WebhookConfiguration`,
    metadata: { name },
    webhooks: webhooks.map(({ path, ...more }, i) => ({
      name: `w${i}.test.example`,
      clientConfig: { url: `${hooks.url}${path}`, caBundle: hooks.caBundle },
      rules: [rule(["configmaps"])],
      sideEffects: "None",
      admissionReviewVersions: ["v1"],
      ...more,
    })),
  });
  assert.equal(made.status, 201, JSON.stringify(made.body));
  return name;
}

before(async () => {
  hooks = await startWebhooks({ dnsNames: ["localhost", "hooks.default.svc"] });
  server = await startApiServer(new MemoryStorage());
  ask = asker(server.overHttps);
  await ask("POST", "/api/v1/namespaces", { metadata: { name: "default" } });
});
afterEach(async () => {
  for (const kind of ["mutating", "validating"]) await ask("DELETE", `${REGISTRATION}/${kind}webhookconfigurations`);
});
after(async () => {
  await server.stop();
  await hooks.close();
});

describe("a mutating webhook", () => {
  it("is shown the request and changes the object", async () => {
    hooks.answer("/add", () => ({ allowed: true, patch: [{ op: "add", path: "/data/added", value: "1" }] }));
    await register("Mutating", { path: "/add" });
    const made = await ask("POST", `${CONFIGMAPS}?fieldManager=me`, configMap("changed"));
    assert.deepEqual(made.body.data, { a: "b", added: "1" });
    const [review] = hooks.asked("/add");
    assert.ok(review);
    const { uid, object, userInfo, ...rest } = review;
    assert.match(uid, /^[0-9a-f-]{36}$/);
    assert.equal(userInfo.username, "admin");
    assert.equal(object.kind, "ConfigMap");
    assert.equal(object.metadata.uid, undefined, "what is not there yet has no identity");
    assert.deepEqual(rest, {
      kind: { group: "", version: "v1", kind: "ConfigMap" },
      resource: { group: "", version: "v1", resource: "configmaps" },
      requestKind: { group: "", version: "v1", kind: "ConfigMap" },
      requestResource: { group: "", version: "v1", resource: "configmaps" },
      name: "changed",
      namespace: "default",
      operation: "CREATE",
      oldObject: null,
      dryRun: false,
      options: { kind: "CreateOptions", apiVersion: "meta.k8s.io/v1", fieldManager: "me" },
    });
  });

  it("sees what those before it changed, and is asked again where it wants that", async () => {
    const seen: string[] = [];
    const note = (name: string) => (request: { object: { data: Record<string, string> } }) => {
      seen.push(`${name} ${Object.keys(request.object.data).join(",")}`);
      return request.object.data[name]
        ? allow()
        : { allowed: true, patch: [{ op: "add", path: `/data/${name}`, value: "x" }] };
    };
    hooks.answer("/one", note("one"));
    hooks.answer("/two", note("two"));
    await register("Mutating", { path: "/one", reinvocationPolicy: "IfNeeded" }, { path: "/two" });
    await ask("POST", CONFIGMAPS, configMap("again"));
    assert.deepEqual(seen, ["one a", "two a,one", "one a,one,two"]);
  });

  it("may not change what is deleted", async () => {
    hooks.answer("/late", () => ({ allowed: true, patch: [{ op: "add", path: "/data/x", value: "1" }] }));
    await ask("POST", CONFIGMAPS, configMap("doomed"));
    await register("Mutating", { path: "/late", rules: [rule(["configmaps"], ["DELETE"])] });
    const refused = await ask("DELETE", `${CONFIGMAPS}/doomed`);
    assert.equal(refused.status, 500);
    assert.equal(
      refused.body.message,
      'Internal error occurred: admission webhook "w0.test.example" attempted to modify the object, which is not supported for this operation',
    );
  });

  it("may not move an object to another namespace", async () => {
    const patch = [{ op: "replace", path: "/metadata/namespace", value: "kube-system" }];
    hooks.answer("/move", () => ({ allowed: true, patch }));
    await ask("POST", CONFIGMAPS, configMap("moved"));
    await register("Mutating", { path: "/move", rules: [rule(["configmaps"], ["*"])] });
    for (const refused of [
      await ask("POST", CONFIGMAPS, configMap("moving")),
      await ask("PUT", `${CONFIGMAPS}/moved`, configMap("moved")),
    ])
      assert.deepEqual(
        [refused.status, refused.body.message],
        [400, "the namespace of the provided object does not match the namespace sent on the request"],
      );
  });

  it("changes neither webhook configurations nor their deletion", async () => {
    hooks.answer("/deny", () => ({ allowed: false }));
    await register("Mutating", { path: "/deny", rules: [rule(["*"], ["*"])] });
    const name = await register("Validating", { path: "/deny" });
    assert.equal((await ask("DELETE", `${REGISTRATION}/validatingwebhookconfigurations/${name}`)).status, 200);
  });
});

describe("a validating webhook", () => {
  it("refuses with its own words, warns, and may say how it is to be told", async () => {
    hooks.answer("/no", () => ({
      allowed: false,
      warnings: ["think 考え", "think 考え", "no\nheader"],
      status: { message: "not today", code: 422 },
    }));
    await register("Validating", { path: "/no" });
    const refused = await ask("POST", CONFIGMAPS, configMap("refused"));
    assert.equal(refused.status, 422);
    assert.equal(refused.body.message, 'admission webhook "w0.test.example" denied the request: not today');
    assert.deepEqual(refused.warnings, ["think 考え"]);
    hooks.answer("/no", () => ({ allowed: false }));
    const bare = await ask("POST", CONFIGMAPS, configMap("refused"));
    assert.equal(bare.status, 400);
    assert.equal(bare.body.message, 'admission webhook "w0.test.example" denied the request without explanation');
  });

  it("is asked together with the others, not after them", async () => {
    let waiting = 0;
    let release = () => {};
    const both = new Promise<void>((resolve) => (release = resolve));
    for (const path of ["/p1", "/p2"])
      hooks.answer(path, async () => {
        if (++waiting === 2) release();
        await both;
        return allow();
      });
    await register("Validating", { path: "/p1" }, { path: "/p2" });
    assert.equal((await ask("POST", CONFIGMAPS, configMap("together"))).status, 201);
  });

  it("is asked only about what its rules and selectors name", async () => {
    hooks.answer("/named", () => ({ allowed: false }));
    await ask("POST", "/api/v1/namespaces", { metadata: { name: "free", labels: { free: "yes" } } });
    await register("Validating", {
      path: "/named",
      namespaceSelector: { matchExpressions: [{ key: "free", operator: "DoesNotExist" }] },
      objectSelector: { matchLabels: { checked: "yes" } },
    });
    const checked = { metadata: { labels: { checked: "yes" } } };
    const create = (namespace: string, more?: object) =>
      ask("POST", `/api/v1/namespaces/${namespace}/configmaps`, configMap("selected", more));
    assert.equal((await create("free", checked)).status, 201);
    assert.equal((await create("default", checked)).status, 400);
    assert.equal((await create("default")).status, 201);
    assert.equal((await ask("DELETE", `${CONFIGMAPS}/selected`)).status, 200);
  });

  it("sees another version of the same object when it asks for that", async () => {
    const event = {
      apiVersion: "events.k8s.io/v1",
      kind: "Event",
      metadata: { name: "e" },
      eventTime: "2026-01-01T00:00:00.000000Z",
      reportingController: "a.example/b",
      reportingInstance: "i",
      action: "Do",
      reason: "Why",
      type: "Normal",
      note: "said",
      regarding: { kind: "Pod", namespace: "default", name: "p" },
    };
    const core = { rules: [rule(["events"], ["CREATE"], { apiGroups: [""], apiVersions: ["v1"] })] };
    hooks.answer("/exact", allow);
    hooks.answer("/equal", allow);
    await register("Validating", { path: "/exact", matchPolicy: "Exact", ...core }, { path: "/equal", ...core });
    const made = await ask("POST", "/apis/events.k8s.io/v1/namespaces/default/events", event);
    assert.equal(made.status, 201, JSON.stringify(made.body));
    assert.deepEqual(hooks.asked("/exact"), []);
    const [review] = hooks.asked("/equal");
    assert.equal(review?.object.apiVersion, "v1");
    assert.equal(review?.object.message, "said");
    assert.equal(review?.requestResource["group"], "events.k8s.io");
  });

  it("sees a scale of a scale, an exec of an exec, and old objects", async () => {
    for (const path of ["/scale", "/exec", "/update"]) hooks.answer(path, () => ({ allowed: false }));
    const labels = { app: "x" };
    await ask("POST", "/apis/apps/v1/namespaces/default/deployments", {
      metadata: { name: "d" },
      spec: {
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { containers: [{ name: "c", image: "i" }] } },
      },
    });
    await ask("POST", CONFIGMAPS, configMap("old"));
    await register(
      "Validating",
      { path: "/scale", rules: [rule(["deployments/scale"], ["UPDATE"])] },
      { path: "/exec", rules: [rule(["pods/exec"], ["CONNECT"])] },
      { path: "/update", rules: [rule(["configmaps"], ["UPDATE"])] },
    );
    await ask(
      "PATCH",
      "/apis/apps/v1/namespaces/default/deployments/d/scale",
      { spec: { replicas: 3 } },
      { "content-type": "application/merge-patch+json" },
    );
    const [scaled] = hooks.asked("/scale");
    assert.deepEqual(
      [scaled?.kind["kind"], scaled?.object.spec, scaled?.oldObject.spec],
      ["Scale", { replicas: 3 }, { replicas: 1 }],
    );
    await ask("PUT", `${CONFIGMAPS}/old`, { ...configMap("old"), data: { a: "c" } });
    const [updated] = hooks.asked("/update");
    assert.deepEqual([updated?.oldObject.data, updated?.object.data], [{ a: "b" }, { a: "c" }]);
    const pods = "/api/v1/namespaces/default/pods";
    await ask("POST", "/api/v1/namespaces/default/serviceaccounts", { metadata: { name: "default" } });
    const pod = await ask("POST", pods, { metadata: { name: "p" }, spec: { containers: [{ name: "c", image: "i" }] } });
    assert.equal(pod.status, 201, JSON.stringify(pod.body));
    const refused = await ask("POST", `${pods}/p/exec?command=ls&command=-l&stdin=true&container=c`);
    assert.equal(refused.body.message, 'admission webhook "w1.test.example" denied the request without explanation');
    const [exec] = hooks.asked("/exec");
    assert.deepEqual(
      [exec?.operation, exec?.subResource, exec?.object, exec?.options],
      [
        "CONNECT",
        "exec",
        { kind: "PodExecOptions", apiVersion: "v1", stdin: true, container: "c", command: ["ls", "-l"] },
        null,
      ],
    );
  });

  it("is told of dry runs", async () => {
    hooks.answer("/dry", allow);
    await register("Validating", { path: "/dry" });
    await ask("POST", `${CONFIGMAPS}?dryRun=All`, configMap("dry"));
    const [review] = hooks.asked("/dry");
    assert.deepEqual([review?.dryRun, review?.options?.["dryRun"]], [true, ["All"]]);
  });
});

describe("a webhook that cannot be asked", () => {
  const failing = async (webhook: Record<string, unknown>) => {
    await register("Validating", { path: "/x", ...webhook });
    const refused = await ask("POST", CONFIGMAPS, configMap("unheard"));
    assert.equal(refused.status, 500);
    return refused.body.message;
  };
  const begin = 'Internal error occurred: failed calling webhook "w0.test.example": failed to call webhook: ';

  it("is named with what went wrong", async () => {
    assert.equal(
      await failing({ clientConfig: { url: "https://127.0.0.1:1/x", caBundle: hooks.caBundle } }),
      `${begin}Post "https://127.0.0.1:1/x?timeout=10s": dial tcp 127.0.0.1:1: connect: connection refused`,
    );
  });

  it("is not believed without its authority", async () => {
    assert.equal(
      await failing({ clientConfig: { url: `${hooks.url}/x` } }),
      `${begin}Post "${hooks.url}/x?timeout=10s": tls: failed to verify certificate: x509: certificate signed by unknown authority`,
    );
  });

  it("is a service that is not there", async () => {
    const service = { namespace: "default", name: "none", path: "/x" };
    assert.equal(
      await failing({ clientConfig: { service, caBundle: hooks.caBundle } }),
      `${begin}Post "https://none.default.svc:443/x?timeout=10s": service "none" not found`,
    );
  });

  it("answers something else", async () => {
    assert.equal(await failing({}), `${begin}the server could not find the requested resource`);
  });

  it("may be passed over", async () => {
    await register("Validating", { path: "/nowhere", failurePolicy: "Ignore" });
    assert.equal((await ask("POST", CONFIGMAPS, configMap("passed"))).status, 201);
  });

  it("takes too long, and costs nobody else anything", async () => {
    let release = () => {};
    const forever = new Promise<void>((resolve) => (release = resolve));
    hooks.answer("/slow", async () => {
      await forever;
      return allow();
    });
    await register("Validating", { path: "/slow", timeoutSeconds: 1, rules: [rule(["secrets"])] });
    const slow = ask("POST", "/api/v1/namespaces/default/secrets", { metadata: { name: "s" } });
    const quick = await Promise.race([
      Promise.all(Array.from({ length: 50 }, (_, i) => ask("POST", CONFIGMAPS, configMap(`quick-${i}`)))),
      slow.then(() => undefined),
    ]);
    assert.ok(
      quick?.every(({ status }) => status === 201),
      "others were done before the slow one",
    );
    assert.equal((await slow).body.message, `${begin}Post "${hooks.url}/slow?timeout=1s": context deadline exceeded`);
    release();
  });
});

it("a webhook is found by its service, under the service's name, on connections that are kept", async () => {
  await ask("POST", "/api/v1/namespaces/default/services", {
    metadata: { name: "hooks" },
    spec: { type: "ExternalName", externalName: "localhost" },
  });
  hooks.answer("/service", allow);
  const service = { namespace: "default", name: "hooks", path: "/service", port: hooks.port };
  await register("Validating", { path: "/", clientConfig: { service, caBundle: hooks.caBundle } });
  for (let i = 0; i < 5; i++) assert.equal((await ask("POST", CONFIGMAPS, configMap(`by-service-${i}`))).status, 201);
  assert.equal(hooks.asked("/service").length, 5);
});

it("numbers that a double cannot hold reach a webhook, and come back from it", async () => {
  const big = "1152921504606846977";
  let body = "";
  const own = await startHttps((_request, response, text) => {
    body = text;
    const { uid } = (JSON.parse(text) as { request: { uid: string } }).request;
    const patch = Buffer.from(`[{"op": "add", "path": "/spec/back", "value": ${big}}]`).toString("base64");
    const answer = { uid, allowed: true, patch, patchType: "JSONPatch" };
    response.end(JSON.stringify({ kind: "AdmissionReview", apiVersion: "admission.k8s.io/v1", response: answer }));
  });
  try {
    const spec = { type: "object", "x-kubernetes-preserve-unknown-fields": true };
    const schema = { openAPIV3Schema: { type: "object", properties: { spec } } };
    await ask("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", {
      metadata: { name: "sums.test.example" },
      spec: {
        group: "test.example",
        scope: "Cluster",
        names: { plural: "sums", kind: "Sum" },
        versions: [{ name: "v1", served: true, storage: true, schema }],
      },
    });
    const SUMS = "/apis/test.example/v1/sums";
    while ((await ask("GET", SUMS)).status !== 200);
    await register("Mutating", {
      path: "/",
      clientConfig: { url: own.url, caBundle: own.caBundle },
      rules: [rule(["sums"])],
    });
    const sum = `{"apiVersion":"test.example/v1","kind":"Sum","metadata":{"name":"a"},"spec":{"n":${big}}}`;
    const made = await ask("POST", SUMS, sum);
    assert.equal(made.status, 201, made.body.message);
    assert.ok(body.includes(`"n":${big}`), body);
    const stored = await server.overHttps.request({ method: "GET", path: `${SUMS}/a` });
    assert.match(Buffer.from(await stored.bytes()).toString(), new RegExp(`"spec":{"back":${big},"n":${big}}`));
  } finally {
    await own.close();
  }
});

it("what is no answer is told in the words of who reads it", async () => {
  const texts: Record<string, string> = {
    hello: "couldn't get version/kind; json parse error: invalid character 'h' looking for beginning of value",
    "": "0-length response with status code: 200 and content type: application/json",
  };
  for (const [text, why] of Object.entries(texts)) {
    const own = await startHttps((_request, response) => void response.end(text));
    try {
      const name = await register("Validating", { path: "/", clientConfig: { url: own.url, caBundle: own.caBundle } });
      assert.equal(
        (await ask("POST", CONFIGMAPS, configMap("unread"))).body.message,
        `Internal error occurred: failed calling webhook "w0.test.example": failed to call webhook: ${why}`,
      );
      await ask("DELETE", `${REGISTRATION}/validatingwebhookconfigurations/${name}`);
    } finally {
      await own.close();
    }
  }
});

it("connections are kept", async () => {
  let asked = 0;
  const own = await startHttps((_request, response, body) => {
    asked++;
    const { uid } = (JSON.parse(body) as { request: { uid: string } }).request;
    response.end(
      JSON.stringify({ kind: "AdmissionReview", apiVersion: "admission.k8s.io/v1", response: { uid, allowed: true } }),
    );
  });
  try {
    await register("Validating", { path: "/", clientConfig: { url: own.url, caBundle: own.caBundle } });
    for (let i = 0; i < 5; i++) await ask("POST", CONFIGMAPS, configMap(`kept-${i}`));
    assert.deepEqual([asked, own.connections], [5, 1]);
  } finally {
    await own.close();
  }
});

it("what webhooks and policies do is counted, under the original's names", async () => {
  hooks.answer("/refuses", () => ({ allowed: false, status: { code: 403, message: "no" } }));
  await register("Validating", { path: "/refuses" }, { path: "/nowhere", failurePolicy: "Ignore" });
  await register("Mutating", { path: "/nowhere", matchConditions: [{ name: "never", expression: "false" }] });
  assert.equal((await ask("POST", CONFIGMAPS, configMap("counted"))).status, 403);
  const { overHttps } = server;
  const response = await overHttps.request({ method: "GET", path: "/metrics" });
  const lines = Buffer.from(await response.bytes())
    .toString()
    .split("\n");
  const has = (name: string, ...labels: string[]) =>
    assert.ok(
      lines.some((line) => line.startsWith(name) && labels.every((label) => line.includes(label))),
      `${name} with ${labels.join(", ")}`,
    );
  has(
    "apiserver_admission_controller_admission_duration_seconds_count",
    'name="ValidatingAdmissionWebhook"',
    'rejected="true"',
  );
  has("apiserver_admission_step_admission_duration_seconds_count", 'operation="CREATE"', 'type="admit"');
  has("apiserver_admission_webhook_request_total", 'code="403"', 'name="w0.test.example"', 'type="validating"');
  has("apiserver_admission_webhook_rejection_count", 'error_type="no_error"', 'rejection_code="403"');
  has("apiserver_admission_webhook_fail_open_count", 'name="w1.test.example"', 'type="validating"');
  has("apiserver_admission_match_condition_exclusions_total", 'kind="webhook"', 'type="admit"');
});
