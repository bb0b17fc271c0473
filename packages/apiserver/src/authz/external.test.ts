import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { clusterrolebindings, clusterroles, pods } from "@kubets/api/generated/refs";
import type { ClusterRole } from "@kubets/api/generated/types/rbac-v1";
import { VirtualClock } from "@kubets/machinery";
import { MetricsRegistry } from "@kubets/machinery/metrics";
import { MemoryStorage } from "@kubets/storage";
import { bootstrap } from "../bootstrap.ts";
import { startTestServer } from "../testing/server.ts";
import { told } from "../testing/told.ts";
import { abacAuthorizer, loadPolicies } from "./abac.ts";
import type { AccessAttributes } from "./authorizer.ts";
import { loadAuthorizationConfiguration } from "./configuration.ts";
import { AuthorizationMetrics } from "./metrics.ts";
import { webhookAuthorizer } from "./webhook/authorizer.ts";
import { compileConditions } from "./webhook/match-conditions.ts";

function withText<T>(text: string, run: (path: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), "kubets-authz-"));
  try {
    const path = join(folder, "file");
    writeFileSync(path, text);
    return run(path);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const asked = (more: Partial<AccessAttributes> = {}): AccessAttributes => ({
  user: { name: "jane", groups: ["dev", "system:authenticated"] },
  verb: "get",
  isResource: true,
  namespace: "a",
  group: "",
  version: "v1",
  resource: "pods",
  subresource: "",
  name: "p",
  path: "/api/v1/namespaces/a/pods/p",
  ...more,
});
const path = (url: string) => asked({ isResource: false, path: url, resource: "", namespace: "" });

describe("ABAC", () => {
  const cases: [policy: object, question: AccessAttributes, allowed: boolean][] = [
    [{ user: "jane", namespace: "*", resource: "*", apiGroup: "*" }, asked(), true],
    [{ user: "joe", namespace: "*", resource: "*", apiGroup: "*" }, asked(), false],
    [{ group: "dev", namespace: "a", resource: "pods" }, asked(), true],
    [{ user: "jane", group: "ops", namespace: "*", resource: "*", apiGroup: "*" }, asked(), false],
    [{ namespace: "*", resource: "*", apiGroup: "*" }, asked(), false],
    [{ user: "*", namespace: "a", resource: "pods", readonly: true }, asked({ verb: "watch" }), true],
    [{ user: "*", namespace: "a", resource: "pods", readonly: true }, asked({ verb: "delete" }), false],
    [{ user: "*", namespace: "b", resource: "pods" }, asked(), false],
    [{ user: "*", namespace: "a", resource: "secrets" }, asked(), false],
    [{ user: "*", namespace: "a", resource: "pods", apiGroup: "apps" }, asked(), false],
    [{ user: "*", nonResourcePath: "/healthz" }, path("/healthz"), true],
    [{ user: "*", nonResourcePath: "/healthz/*" }, path("/healthz/etcd"), true],
    [{ user: "*", nonResourcePath: "*" }, path("/anything"), true],
    [{ user: "*", nonResourcePath: "*" }, asked(), false],
    [{ user: "*", namespace: "*", resource: "*", apiGroup: "*" }, path("/healthz"), false],
  ];
  for (const [spec, question, allowed] of cases)
    it(`${JSON.stringify(spec)} ${allowed ? "allows" : "does not allow"} ${question.verb} ${question.path}`, () => {
      const line = JSON.stringify({ apiVersion: "abac.authorization.kubernetes.io/v1beta1", kind: "Policy", spec });
      const decision = abacAuthorizer(withText(`# a comment\n\n${line}\n`, loadPolicies)).authorize(question);
      assert.equal((decision as { verdict: string }).verdict, allowed ? "allow" : "noOpinion");
    });

  it("says which line is wrong", () => {
    assert.throws(() => withText("\n{]\n", loadPolicies), /file:2/);
    const typo = { apiVersion: "abac.authorization.kubernetes.io/v1beta1", kind: "Policy", spec: { usr: "a" } };
    assert.throws(
      () => withText(JSON.stringify(typo), loadPolicies),
      /unknown field "spec.usr": did you mean "spec.user"/,
    );
  });
});

describe("an authorization webhook", () => {
  function webhookWith(
    answer: (spec: Record<string, unknown>) => object,
    failurePolicy: "NoOpinion" | "Deny" = "NoOpinion",
  ) {
    const clock = new VirtualClock();
    const specs: Record<string, unknown>[] = [];
    const webhook = {
      async post(body: object) {
        const { spec } = body as { spec: Record<string, unknown> };
        specs.push(spec);
        return { status: answer(spec) } as never;
      },
    };
    const one = webhookAuthorizer({
      name: "w",
      webhook,
      version: "v1",
      authorizedMs: 1000,
      unauthorizedMs: 100,
      failurePolicy,
      clock,
    });
    return { clock, specs, ask: async (question = asked()) => await one.authorize(question) };
  }

  it("is asked what the request is about, and its yes holds longer than its no", async () => {
    const { clock, specs, ask } = webhookWith(({ user }) => ({ allowed: user === "jane", reason: "said so" }));
    assert.deepEqual(await ask(), { verdict: "allow", why: "said so" });
    assert.deepEqual(specs[0], {
      resourceAttributes: { namespace: "a", verb: "get", version: "v1", resource: "pods", name: "p" },
      user: "jane",
      groups: ["dev", "system:authenticated"],
    });
    const joe = asked({ user: { name: "joe", groups: [] } });
    assert.deepEqual(await ask(joe), { verdict: "noOpinion", why: "said so" });
    await clock.advance(100);
    await ask();
    await ask(joe);
    assert.equal(specs.length, 3);
    await clock.advance(900);
    await ask();
    assert.equal(specs.length, 4);
  });

  it("is waited for no longer than whoever asks waits for the answer", async () => {
    const { signal } = new AbortController();
    const webhook = {
      post: async (_body: object, givenUp?: AbortSignal) => ({ status: { allowed: givenUp === signal } }),
    };
    const base = { name: "w", webhook, version: "v1", authorizedMs: 0, unauthorizedMs: 0, clock: new VirtualClock() };
    const one = webhookAuthorizer({ ...base, failurePolicy: "Deny" });
    assert.equal((await one.authorize(asked({ deadline: { signal } }))).verdict, "allow");
  });

  it("denies when it says so, also when it says both", async () => {
    assert.equal((await webhookWith(() => ({ denied: true })).ask()).verdict, "deny");
    assert.equal((await webhookWith(() => ({ denied: true, allowed: true })).ask()).verdict, "deny");
  });

  it("that cannot be asked has no opinion, or denies, as it is configured; nothing is remembered", async () => {
    const broken = () => {
      throw new Error("no route");
    };
    const open = webhookWith(broken);
    assert.deepEqual(await open.ask(), { verdict: "noOpinion", why: "webhook w: no route" });
    await open.ask();
    assert.equal(open.specs.length, 2);
    assert.equal((await webhookWith(broken, "Deny").ask()).verdict, "deny");
  });
});

describe("match conditions of a webhook", () => {
  const conditions = (...sources: string[]) => {
    const compiled = compileConditions(sources);
    assert.ok(typeof compiled === "function");
    return compiled;
  };
  const request = { user: "jane", resourceAttributes: { namespace: "a", verb: "get" } };

  it("must all hold; one that does not decides, whatever else fails", () => {
    assert.equal(conditions()(request), "matches");
    assert.equal(conditions("request.user == 'jane'", "has(request.resourceAttributes)")(request), "matches");
    assert.equal(conditions("request.user == 'joe'", "request.nothing.here")(request), "does not match");
    assert.match(
      (conditions("request.nothing.here == 1")(request) as { failed: string }).failed,
      /no such key: nothing/,
    );
  });

  it("that are none are told at start", () => {
    const { wrong } = compileConditions(["request.user ==", "request.user == 'a'", "1"]) as {
      wrong: readonly string[];
    };
    assert.equal(wrong.length, 2);
  });

  it("keep the webhook out of what they leave out, and count as its failure when they fail", async () => {
    const registry = new MetricsRegistry();
    const webhook = { post: () => Promise.reject(new assert.AssertionError({ message: "it was asked" })) };
    const base = {
      name: "w",
      webhook,
      version: "v1",
      authorizedMs: 0,
      unauthorizedMs: 0,
      failurePolicy: "Deny" as const,
      clock: new VirtualClock(),
      metrics: new AuthorizationMetrics(registry),
    };
    const out = webhookAuthorizer({ ...base, conditions: conditions("request.user != 'jane'") });
    assert.equal((await out.authorize(asked())).verdict, "noOpinion");
    const failing = webhookAuthorizer({ ...base, conditions: conditions("request.nothing.here") });
    assert.equal((await failing.authorize(asked())).verdict, "deny");
    const series = 'apiserver_authorization_match_condition_evaluation_seconds_count{name="w",type="Webhook"}';
    assert.equal(told(registry, series), 2);
  });
});

describe("the authorization configuration", () => {
  const load = (authorizers: object[]) =>
    withText(
      JSON.stringify({ apiVersion: "apiserver.config.k8s.io/v1", kind: "AuthorizationConfiguration", authorizers }),
      loadAuthorizationConfiguration,
    );
  const webhook = {
    timeout: "3s",
    subjectAccessReviewVersion: "v1",
    failurePolicy: "Deny",
    connectionInfo: { type: "KubeConfigFile", kubeConfigFile: "/x" },
  };

  it("names several webhooks between the modes", () => {
    const { authorizers } = load([
      { type: "Node", name: "node" },
      { type: "Webhook", name: "one", webhook },
      { type: "Webhook", name: "two", webhook: { ...webhook, authorizedTTL: "1m" } },
      { type: "RBAC", name: "rbac" },
    ]);
    assert.deepEqual(
      authorizers.map(({ webhook: options }) => options?.authorizedTTL),
      [undefined, 300_000, 60_000, undefined],
    );
  });

  const refused: [authorizers: object[], why: RegExp][] = [
    [[], /at least one authorization mode/],
    [[{ type: "Rbac", name: "a" }], /authorizers\[0\].type: "Rbac" is not one of/],
    [
      [
        { type: "RBAC", name: "a" },
        { type: "RBAC", name: "b" },
      ],
      /RBAC is used twice/,
    ],
    [
      [
        { type: "RBAC", name: "a" },
        { type: "Node", name: "a" },
      ],
      /"a" is used twice/,
    ],
    [[{ type: "Webhook", name: "a" }], /webhook: required/],
    [[{ type: "Webhook", name: "a", webhook: { ...webhook, timeout: "31s" } }], /must be 30s or less/],
    [
      [{ type: "Webhook", name: "a", webhook: { ...webhook, failurePolicy: "" } }],
      /failurePolicy: must be NoOpinion or Deny/,
    ],
  ];
  for (const [authorizers, why] of refused)
    it(`is refused: ${why.source}`, () => assert.throws(() => load(authorizers), why));

  it("takes effect while the server runs, but for modes that had to be there from the start", async () => {
    const cluster = await startTestServer({ modes: ["RBAC"] });
    try {
      const jane = cluster.user("jane");
      await assert.rejects(jane.list(pods), { code: 403 });
      cluster.server.useAuthorizers(["RBAC", { name: "all", authorize: () => ({ verdict: "allow" }) }]);
      await jane.list(pods);
      assert.throws(() => cluster.server.useAuthorizers(["Node", "RBAC"]), /"Node" cannot be added/);
      await jane.list(pods);
    } finally {
      await cluster.close();
    }
  });
});

describe("roles at start", () => {
  it("get back what they lost and keep what was added; who is left alone stays as it is; a binding that leads elsewhere is made anew", async () => {
    const storage = new MemoryStorage({ clock: new VirtualClock() });
    const cluster = await startTestServer({ modes: ["RBAC"], storage });
    try {
      const { admin, server } = cluster;
      const own = { verbs: ["get"], apiGroups: ["example.com"], resources: ["widgets"] };
      const change = async (name: string, to: (role: ClusterRole) => object) =>
        admin.update(clusterroles, {
          ...(await admin.get(clusterroles, { name })),
          ...to(await admin.get(clusterroles, { name })),
        } as never);
      await change("system:discovery", () => ({ rules: [own] }));
      await change("system:basic-user", ({ metadata }) => ({
        rules: [],
        metadata: { ...metadata, annotations: { "rbac.authorization.kubernetes.io/autoupdate": "false" } },
      }));
      await admin.delete(clusterroles, { name: "view" });
      await admin.delete(clusterrolebindings, { name: "system:discovery" });
      await admin.create(clusterrolebindings, {
        metadata: { name: "system:discovery" },
        roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "cluster-admin" },
        subjects: [{ kind: "User", apiGroup: "rbac.authorization.k8s.io", name: "mallory" }],
      });
      await bootstrap(server);
      const discovery = await admin.get(clusterroles, { name: "system:discovery" });
      assert.deepEqual(discovery.rules?.[0], own);
      assert.ok(discovery.rules?.some(({ nonResourceURLs }) => nonResourceURLs?.includes("/healthz")));
      assert.deepEqual((await admin.get(clusterroles, { name: "system:basic-user" })).rules ?? [], []);
      assert.ok(await admin.get(clusterroles, { name: "view" }));
      const binding = await admin.get(clusterrolebindings, { name: "system:discovery" });
      assert.equal(binding.roleRef.name, "system:discovery");
      assert.ok(!binding.subjects?.some(({ name }) => name === "mallory"));
      const { resourceVersion } = (await admin.get(clusterroles, { name: "system:discovery" })).metadata;
      await bootstrap(server);
      assert.equal(
        (await admin.get(clusterroles, { name: "system:discovery" })).metadata.resourceVersion,
        resourceVersion,
      );
    } finally {
      await cluster.close();
    }
  });
});
