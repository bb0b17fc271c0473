/** Users whom others know: an OpenID Connect issuer and a token webhook, each in a process of its own. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { it } from "node:test";
import { type ApiServerProcess, startApiServer } from "./api-server-process.ts";
import { metric, until, writeConfiguration, writeKubeconfig } from "./files.ts";
import type { IssuerLine } from "./oidc-issuer-program.ts";
import { startProgram } from "./program.ts";
import type { WebhookLine } from "./webhook-program.ts";

const SELF = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
const SELF_REVIEW = { apiVersion: "authentication.k8s.io/v1", kind: "SelfSubjectReview" };

interface Known {
  readonly username: string;
  readonly groups: readonly string[];
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

/** Whom the server takes somebody for; the status of its refusal otherwise. */
async function whoIs(server: ApiServerProcess, token: string): Promise<Known | number> {
  const { status, body } = await server.ask("POST", SELF, { token, body: SELF_REVIEW });
  return status === 201 ? (body as { status: { userInfo: Known } }).status.userInfo : status;
}

const soon = () => Math.floor(Date.now() / 1000) + 600;

it("tokens of an issuer named by flags", async () => {
  const issuer = startProgram<IssuerLine>("oidc-issuer-program.ts");
  try {
    const { url, ca } = await issuer.next();
    const server = await startApiServer((folder) => {
      writeFileSync(join(folder, "issuer.crt"), ca);
      return {
        "oidc-issuer-url": url,
        "oidc-client-id": "kubets",
        "oidc-ca-file": join(folder, "issuer.crt"),
        "oidc-username-claim": "email",
        "oidc-username-prefix": "oidc:",
        "oidc-groups-claim": "roles",
        "oidc-groups-prefix": "oidc:",
        "oidc-required-claim": "hd=corp",
      };
    });
    try {
      const known = async (claims: object) => {
        issuer.tell({
          aud: "kubets",
          sub: "1",
          email: "jane@corp",
          hd: "corp",
          roles: ["dev"],
          exp: soon(),
          ...claims,
        });
        return await whoIs(server, (await issuer.next()).token);
      };
      assert.deepEqual(await known({}), {
        username: "oidc:jane@corp",
        groups: ["oidc:dev", "system:authenticated"],
      });
      for (const wrong of [
        { aud: "others" },
        { exp: 1 },
        { hd: "elsewhere" },
        { iss: "https://elsewhere" },
        { email_verified: false },
      ])
        assert.equal(await known(wrong), 401, JSON.stringify(wrong));
      assert.ok((await metric(server, 'authentication_attempts{result="error"}')) >= 5);
      assert.equal(await metric(server, 'authenticated_user_requests{username="email_id"}'), 1);
    } finally {
      await server.stop();
    }
  } finally {
    await issuer.stop();
  }
});

it("several issuers of a file, mapped by expressions; taken up again when the file changes, unless it is wrong", async () => {
  const [one, two] = [1, 2].map(() => startProgram<IssuerLine>("oidc-issuer-program.ts"));
  assert.ok(one && two);
  try {
    const [first, second] = [await one.next(), await two.next()];
    const configure = (folder: string, prefix: string) =>
      writeConfiguration(folder, "authentication.json", "AuthenticationConfiguration", {
        anonymous: { enabled: true, conditions: [{ path: "/livez" }] },
        jwt: [
          {
            issuer: { url: first.url, certificateAuthority: first.ca, audiences: ["kubets"] },
            claimMappings: {
              username: { expression: `'${prefix}' + claims.sub` },
              groups: { expression: "claims.roles.map(r, 'team:' + r)" },
              extra: [{ key: "example.com/tenant", valueExpression: "claims.tenant" }],
            },
            userValidationRules: [{ expression: "!user.username.startsWith('system:')", message: "reserved" }],
          },
          {
            issuer: { url: second.url, certificateAuthority: second.ca, audiences: ["kubets"] },
            claimMappings: { username: { claim: "sub", prefix: "two:" } },
          },
        ],
      });
    let folder = "";
    const server = await startApiServer((made) => {
      folder = made;
      return { "authentication-config": configure(made, "one:") };
    });
    try {
      const claims = { aud: "kubets", sub: "jane", roles: ["dev"], tenant: "t1", exp: soon() };
      for (const issuer of [one, two]) issuer.tell(claims);
      const [token, other] = [(await one.next()).token, (await two.next()).token];
      assert.deepEqual(await whoIs(server, token), {
        username: "one:jane",
        groups: ["team:dev", "system:authenticated"],
        extra: { "example.com/tenant": ["t1"] },
      });
      assert.deepEqual(await whoIs(server, other), { username: "two:jane", groups: ["system:authenticated"] });
      assert.equal((await server.ask("GET", "/livez", { token: "" })).status, 200);
      assert.equal((await server.ask("GET", "/version", { token: "" })).status, 401);

      configure(folder, "changed:");
      const nameOf = async () => ((await whoIs(server, token)) as Known).username;
      await until(async () => (await nameOf()) === "changed:jane");
      configure(folder, "system:");
      await until(async () => (await whoIs(server, token)) === 401);
      writeFileSync(join(folder, "authentication.json"), "{ this is no configuration");
      const reloads = "apiserver_authentication_config_controller_automatic_reloads_total";
      await until(async () => {
        const { text = "" } = (await server.ask("GET", "/metrics")).body as { text?: string };
        return text.split("\n").some((line) => line.startsWith(reloads) && line.includes('status="failure"'));
      });
      assert.equal(await whoIs(server, token), 401);
      assert.equal(((await whoIs(server, other)) as Known).username, "two:jane");
    } finally {
      await server.stop();
    }
  } finally {
    await Promise.all([one.stop(), two.stop()]);
  }
});

it("tokens that a webhook knows; it is asked once for each, and needed for none that it was asked of", async () => {
  const webhook = startProgram<WebhookLine>("webhook-program.ts");
  try {
    const { url, ca } = await webhook.next();
    const server = await startApiServer((folder) => ({
      "authentication-token-webhook-config-file": writeKubeconfig(folder, "webhook.json", `${url}/tokens`, ca),
      "authentication-token-webhook-version": "v1",
      "authentication-token-webhook-cache-ttl": "10m",
    }));
    try {
      const jane = { username: "jane", groups: ["outside", "system:authenticated"] };
      assert.deepEqual(await whoIs(server, "webhook-jane"), jane);
      assert.deepEqual(await whoIs(server, "webhook-jane"), jane);
      assert.equal(await whoIs(server, "nobody"), 401);
      assert.equal(await whoIs(server, "nobody"), 401);
      const asked = webhook.told.filter((line) => line.asked?.kind === "TokenReview");
      assert.deepEqual(
        asked.map(({ path, asked: { spec } }) => [path, spec?.token]),
        [
          ["/tokens", "webhook-jane"],
          ["/tokens", "nobody"],
        ],
      );
      await webhook.stop();
      assert.deepEqual(await whoIs(server, "webhook-jane"), jane);
      assert.equal(await whoIs(server, "webhook-joe"), 401);
      assert.ok((await metric(server, 'authentication_token_cache_request_total{status="hit"}')) >= 3);
      assert.equal(await metric(server, 'authentication_token_cache_fetch_total{status="ok"}'), 2);
      assert.equal(await metric(server, 'authentication_token_cache_fetch_total{status="error"}'), 1);
    } finally {
      await server.stop();
    }
  } finally {
    await webhook.stop();
  }
});
