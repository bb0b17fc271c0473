import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { unauthorized, VirtualClock } from "@kubets/machinery";
import { MetricsRegistry } from "@kubets/machinery/metrics";
import { startOidcIssuer } from "../testing/oidc-issuer.ts";
import { linesOf } from "../testing/told.ts";
import type { Credentials, User } from "./authenticator.ts";
import { AuthenticatorChain } from "./chain.ts";
import { loadAuthenticationConfiguration } from "./configuration.ts";
import { jwtAuthenticator } from "./jwt/authenticator.ts";
import { type IssuerOptions, userOf } from "./jwt/issuer.ts";
import { AuthenticationMetrics } from "./metrics.ts";
import { tokenWebhookAuthenticator } from "./token-webhook.ts";

const bearer = (token: string, audiences?: readonly string[], url = "/"): Credentials => ({
  header: (name) => (name === "authorization" ? `Bearer ${token}` : undefined),
  peer: { address: "", certificate: () => undefined },
  url,
  ...(audiences && { audiences }),
});

/** What the reviewer of a token is told. */
async function causeOf(asked: () => User | Promise<User> | undefined | Promise<User | undefined>): Promise<string> {
  try {
    await asked();
  } catch (error) {
    assert.equal((error as Error).message, "Unauthorized");
    return String((error as Error).cause);
  }
  throw new assert.AssertionError({ message: "it was taken" });
}

describe("tokens of an OpenID Connect issuer", () => {
  async function withIssuer(
    run: (parts: {
      issuer: Awaited<ReturnType<typeof startOidcIssuer>>;
      clock: VirtualClock;
      good: object;
      ask: (token: string, more?: Partial<IssuerOptions>) => Promise<User | undefined>;
      registry: MetricsRegistry;
    }) => Promise<void>,
  ) {
    const issuer = await startOidcIssuer();
    const clock = new VirtualClock();
    const now = Math.floor(clock.now() / 1000);
    const options: IssuerOptions = {
      url: issuer.url,
      ca: issuer.ca,
      audiences: ["kubets"],
      algorithms: ["RS256", "ES256"],
      username: { claim: "sub", prefix: "oidc:" },
      groups: { claim: "groups", prefix: "oidc:" },
      required: [],
    };
    const registry = new MetricsRegistry();
    const metrics = new AuthenticationMetrics(registry);
    const authenticators = new Map<string, ReturnType<typeof jwtAuthenticator>>();
    const ask = async (token: string, more: Partial<IssuerOptions> = {}) => {
      const key = JSON.stringify(more);
      let one = authenticators.get(key);
      if (!one) authenticators.set(key, (one = jwtAuthenticator([{ ...options, ...more }], clock, metrics)));
      return await one.authenticate(bearer(token));
    };
    try {
      await run({ issuer, clock, ask, registry, good: { sub: "jane", aud: "kubets", exp: now + 600 } });
    } finally {
      await issuer.close();
    }
  }

  it("are who they say, with names that are nobody else's", () =>
    withIssuer(async ({ issuer, ask, good }) => {
      assert.deepEqual(await ask(issuer.token({ ...good, groups: ["dev", "ops"], jti: "7" })), {
        name: "oidc:jane",
        groups: ["oidc:dev", "oidc:ops"],
        audiences: ["kubets"],
        extra: { "authentication.kubernetes.io/credential-id": ["JTI=7"] },
      });
      assert.deepEqual((await ask(issuer.token({ ...good, groups: "dev" })))?.groups, ["oidc:dev"]);
    }));

  it("are nobody's business when another issuer signed them, or they are no tokens", () =>
    withIssuer(async ({ issuer, ask, good }) => {
      assert.equal(await ask(issuer.token({ ...good, iss: "https://elsewhere" })), undefined);
      for (const token of ["x", "a.b.c", `${Buffer.from("[]").toString("base64url")}.e30.x`])
        assert.equal(await ask(token), undefined);
    }));

  it("are refused for another audience, after their end, before their time, without an end, by a wrong key, unsigned", () =>
    withIssuer(async ({ issuer, clock, ask, good }) => {
      const now = Math.floor(clock.now() / 1000);
      const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
      const [header, claims] = issuer.token(good).split(".");
      const cases: [token: string, why: RegExp][] = [
        [issuer.token({ ...good, aud: "another" }), /expected audience in \["kubets"\] got \["another"\]/],
        [issuer.token({ ...good, exp: now - 1 }), /expired/],
        [issuer.token({ ...good, nbf: now + 100 }), /not valid yet/],
        [issuer.token({ ...good, exp: undefined }), /no end/],
        [issuer.token(good, {}, privateKey), /failed to verify/],
        [issuer.token(good, { alg: "none" }), /unsupported algorithm/],
        [issuer.token(good, { alg: "HS256" }), /unsupported algorithm/],
        [issuer.token(good, { alg: "ES256" }), /failed to verify/],
        [`${header}.${claims}.`, /failed to verify/],
        [
          `${header}.${Buffer.from(JSON.stringify({ ...good, iss: issuer.url, sub: "root" })).toString("base64url")}.${issuer.token(good).split(".")[2]}`,
          /failed to verify/,
        ],
      ];
      for (const [token, why] of cases) assert.match(await causeOf(() => ask(token)), why);
    }));

  it("are refused when a claim is missing, is another, or is not verified", () =>
    withIssuer(async ({ issuer, ask, good }) => {
      const email = { username: { claim: "email", prefix: "" } };
      assert.match(await causeOf(() => ask(issuer.token(good), email)), /parse username claims "email"/);
      assert.match(
        await causeOf(() => ask(issuer.token({ ...good, email: "a@b", email_verified: false }), email)),
        /email not verified/,
      );
      assert.equal((await ask(issuer.token({ ...good, email: "a@b", email_verified: true }), email))?.name, "a@b");
      const required = { required: [{ claim: "hd", value: "corp" }] };
      assert.match(await causeOf(() => ask(issuer.token(good), required)), /required claim hd not present/);
      assert.match(await causeOf(() => ask(issuer.token({ ...good, hd: "x" }), required)), /value does not match/);
      assert.ok(await ask(issuer.token({ ...good, hd: "corp" }), required));
      assert.match(await causeOf(() => ask(issuer.token({ ...good, groups: [1] }))), /groups claim/);
    }));

  it("are checked by new keys of the issuer, which are not fetched for every made-up token", () =>
    withIssuer(async ({ issuer, clock, ask, good, registry }) => {
      await ask(issuer.token(good));
      assert.equal(issuer.fetched, 1);
      const keySets = () =>
        linesOf(registry, "apiserver_authentication_jwt_authenticator_jwks_fetch_last_key_set_info");
      const [first, ...others] = keySets();
      assert.match(first ?? "", /,hash="sha256:[0-9a-f]{64}",jwt_issuer_hash="sha256:[0-9a-f]{64}"\} 1$/);
      assert.deepEqual(others, []);
      for (let i = 0; i < 5; i++)
        await causeOf(() => ask(issuer.token({ ...good, jti: String(i) }, { kid: `made-up-${i}` })));
      assert.equal(issuer.fetched, 1);
      issuer.newKey("ec");
      await clock.advance(10_000);
      assert.equal((await ask(issuer.token(good)))?.name, "oidc:jane");
      assert.equal(issuer.fetched, 2);
      assert.equal(keySets().length, 1);
      assert.notEqual(keySets()[0], first);
    }));

  it("end while they are remembered", () =>
    withIssuer(async ({ issuer, clock, ask, good }) => {
      const token = issuer.token({ ...good, exp: Math.floor(clock.now() / 1000) + 5 });
      assert.ok(await ask(token));
      await clock.advance(6000);
      assert.match(await causeOf(() => ask(token)), /expired/);
    }));

  it("cannot be checked while the issuer is away", () =>
    withIssuer(async ({ issuer, ask, good }) => {
      const token = issuer.token(good);
      await issuer.close();
      assert.match(await causeOf(() => ask(token)), /fetching keys/);
    }));
});

describe("the authentication configuration", () => {
  function load(body: object, isOn = true) {
    const folder = mkdtempSync(join(tmpdir(), "kubets-authn-"));
    try {
      const path = join(folder, "authn.yaml");
      writeFileSync(
        path,
        JSON.stringify({ apiVersion: "apiserver.config.k8s.io/v1", kind: "AuthenticationConfiguration", ...body }),
      );
      return loadAuthenticationConfiguration(path, { featureEnabled: () => isOn });
    } finally {
      rmSync(folder, { recursive: true });
    }
  }
  const issuer = { url: "https://a", audiences: ["x"] };
  const claimMappings = { username: { claim: "sub", prefix: "" } };

  it("names for an issuer one of the two egress selectors, where that feature is on", () => {
    const selecting = (egressSelectorType: string) => ({
      jwt: [{ issuer: { ...issuer, egressSelectorType }, claimMappings }],
    });
    assert.equal(load(selecting("cluster")).issuers[0]?.egress, "cluster");
    assert.equal(load(selecting("")).issuers[0]?.egress, undefined);
    const at = "jwt[0].issuer.egressSelectorType: Invalid value:";
    assert.throws(
      () => load(selecting("etcd")),
      new RegExp(`${RegExp.escape(`${at} "etcd"`)}: egress selector must be either controlplane or cluster$`),
    );
    assert.throws(
      () => load(selecting("cluster"), false),
      new RegExp(
        `${RegExp.escape(`${at} "cluster"`)}: egress selector is not supported when StructuredAuthenticationConfigurationEgressSelector feature gate is disabled$`,
      ),
    );
  });

  it("names several issuers", () => {
    const { issuers, anonymous } = load({
      jwt: [
        { issuer, claimMappings, claimValidationRules: [{ claim: "hd", requiredValue: "corp" }] },
        {
          issuer: {
            url: "https://b",
            discoveryURL: "https://c/x",
            audiences: ["x", "y"],
            audienceMatchPolicy: "MatchAny",
          },
          claimMappings,
        },
      ],
    });
    assert.deepEqual(
      issuers.map(({ url }) => url),
      ["https://a", "https://b"],
    );
    assert.deepEqual(issuers[0]?.required, [{ claim: "hd", value: "corp" }]);
    assert.equal(issuers[1]?.discoveryUrl, "https://c/x");
    assert.equal(anonymous, undefined);
  });

  const refused: [body: object, why: RegExp][] = [
    [{ jwt: [{ issuer: { ...issuer, url: "http://a" }, claimMappings }] }, /jwt\[0\].issuer.url: must be an https URL/],
    [{ jwt: [{ issuer: { url: "https://a" }, claimMappings }] }, /audiences: at least one/],
    [{ jwt: [{ issuer: { url: "https://a", audiences: ["a", "b"] }, claimMappings }] }, /must be MatchAny/],
    [{ jwt: [{ issuer, claimMappings: { username: { claim: "sub" } } }] }, /username.prefix: required/],
    [{ jwt: [{ issuer, claimMappings: {} }] }, /claim or expression is required/],
    [
      {
        jwt: [
          { issuer, claimMappings },
          { issuer, claimMappings },
        ],
      },
      /is used twice/,
    ],
    [{ anonymous: { enabled: false, conditions: [{ path: "/livez" }] } }, /anonymous.conditions/],
    [{ jwt: [{ issuer, claimMappings, claimRules: [] }] }, /unknown field "jwt\[0\].claimRules"/],
  ];
  for (const [body, why] of refused) it(`is refused: ${why.source}`, () => assert.throws(() => load(body), why));

  it("maps and checks claims by expressions", () => {
    const [options] = load({
      jwt: [
        {
          issuer,
          claimValidationRules: [{ expression: "claims.hd == 'corp'", message: "the domain must be corp" }],
          claimMappings: {
            username: { expression: "'ext:' + claims.sub" },
            groups: { expression: "claims.roles.filter(r, r != 'secret').map(r, 'team:' + r)" },
            uid: { expression: "claims.id" },
            extra: [{ key: "example.com/tenant", valueExpression: "claims.?tenant.orValue('')" }],
          },
          userValidationRules: [{ expression: "!user.username.startsWith('ext:system:')", message: "reserved" }],
        },
      ],
    }).issuers;
    assert.ok(options);
    const claims = { aud: "x", sub: "jane", hd: "corp", roles: ["dev", "secret"], id: "7", tenant: "t1" };
    assert.deepEqual(userOf(claims, options), {
      name: "ext:jane",
      groups: ["team:dev"],
      audiences: ["x"],
      uid: "7",
      extra: { "example.com/tenant": ["t1"] },
    });
    const { tenant: _tenant, ...without } = claims;
    assert.equal(userOf(without, options).extra, undefined);
    assert.throws(() => userOf({ ...claims, hd: "other" }, options), /failed: the domain must be corp/);
    assert.throws(() => userOf({ ...claims, sub: "system:admin" }, options), /failed: reserved/);
    assert.throws(
      () => userOf({ aud: "x", hd: "corp", roles: [], id: "7" }, options),
      /username claim expression.*no such key: sub/,
    );
  });

  const expressions: [claimMappings: object, more: object, why: RegExp][] = [
    [{ username: { expression: "claims." } }, {}, /username.expression: compilation failed/],
    [{ username: { expression: "1" } }, {}, /username.expression: compilation failed/],
    [{ username: { expression: "claims.sub", prefix: "" } }, {}, /must not be set with claim or prefix/],
    [{ username: { expression: "claims.email" } }, {}, /claims.email_verified must be used/],
    [
      claimMappings,
      { userValidationRules: [{ expression: "user.nme == ''" }] },
      /userValidationRules\[0\].expression: compilation failed/,
    ],
    [{ ...claimMappings, extra: [{ key: "Plain", valueExpression: "''" }] }, {}, /extra\[0\].key/],
  ];
  for (const [mappings, more, why] of expressions)
    it(`is refused: ${why.source}`, () =>
      assert.throws(() => load({ jwt: [{ issuer, claimMappings: mappings, ...more }] }), why));

  it("lets requests without credentials to some paths alone", () => {
    const { anonymous = false } = load({ anonymous: { enabled: true, conditions: [{ path: "/livez" }] } });
    const chain = new AuthenticatorChain([], { anonymous });
    const ask = (url: string) => chain.authenticate({ ...bearer(""), header: () => undefined, url });
    assert.equal((ask("/livez?verbose") as User).name, "system:anonymous");
    for (const url of ["/livez/etcd", "/api", "/livezx", "//livez", "/x/../livez"])
      assert.throws(() => ask(url), /Unauthorized/);
  });
});

describe("a token webhook", () => {
  function webhookWith(answer: (token: string, audiences: readonly string[]) => object) {
    const clock = new VirtualClock();
    let asked = 0;
    const webhook = {
      async post(body: object) {
        asked++;
        const { spec } = body as { spec: { token: string; audiences?: readonly string[] } };
        return { status: answer(spec.token, spec.audiences ?? []) } as never;
      },
    };
    const one = tokenWebhookAuthenticator({ webhook, version: "v1", cacheMs: 1000, clock, audiences: ["own"] });
    return {
      clock,
      asked: () => asked,
      ask: async (token: string, audiences?: string[]) => await one.authenticate(bearer(token, audiences)),
    };
  }

  it("says whose a token is, and is not asked again for a while, whatever it said", async () => {
    const { clock, asked, ask } = webhookWith((token) =>
      token === "good"
        ? { authenticated: true, user: { username: "jane", uid: "1", groups: ["a"], extra: { k: ["v"] } } }
        : { authenticated: false },
    );
    const jane = { name: "jane", uid: "1", groups: ["a"], extra: { k: ["v"] }, audiences: ["own"] };
    assert.deepEqual(await Promise.all([ask("good"), ask("good")]), [jane, jane]);
    assert.equal(asked(), 1);
    assert.equal(await ask("bad"), undefined);
    assert.equal(await ask("bad"), undefined);
    assert.equal(asked(), 2);
    await clock.advance(1000);
    await ask("good");
    assert.equal(asked(), 3);
  });

  it("is asked for each audience apart, and its answer must be for one that was asked for", async () => {
    const { asked, ask } = webhookWith(() => ({ authenticated: true, user: { username: "jane" }, audiences: ["one"] }));
    assert.deepEqual((await ask("t", ["one", "two"]))?.audiences, ["one"]);
    assert.equal(await ask("t", ["two"]), undefined);
    assert.equal(asked(), 2);
  });

  it("has 30 s for all who come with a token", async () => {
    const clock = new VirtualClock();
    const post = (_body: object, givenUp?: AbortSignal) =>
      new Promise<never>((_resolve, reject) => givenUp?.addEventListener("abort", () => reject(new Error("late"))));
    const one = tokenWebhookAuthenticator({ webhook: { post }, version: "v1", cacheMs: 1, clock, audiences: [] });
    const refused = causeOf(async () => await one.authenticate(bearer("t")));
    await clock.advance(30_000);
    assert.equal(await refused, "late");
  });

  it("refuses the request when it cannot be asked, and asks again for the next", async () => {
    let broken = true;
    const { asked, ask } = webhookWith(() => {
      if (broken) throw new Error("no route");
      return { authenticated: true, user: { username: "jane" } };
    });
    assert.equal(await causeOf(() => ask("t")), "no route");
    broken = false;
    assert.equal((await ask("t"))?.name, "jane");
    assert.equal(asked(), 2);
  });
});

describe("several authenticators", () => {
  const refusing = (cause: string) => ({
    name: cause,
    async authenticate(): Promise<User | undefined> {
      throw Object.assign(unauthorized(), { cause });
    },
  });
  const knowing = { name: "knowing", authenticate: () => ({ name: "jane", groups: [] }) };

  it("are asked in order, until one knows the token", async () => {
    const chain = new AuthenticatorChain([refusing("a"), knowing], { anonymous: true });
    assert.equal((await chain.authenticate(bearer("t"))).name, "jane");
  });

  it("tell all their reasons to the reviewer, and nobody becomes anonymous by a wrong token", async () => {
    const chain = new AuthenticatorChain([refusing("a"), refusing("b")], { anonymous: true });
    assert.equal(await causeOf(() => chain.authenticate(bearer("t"))), "a, b");
  });

  it("that break are not taken for those that refuse", async () => {
    const broken = { name: "broken", authenticate: () => Promise.reject(new TypeError("oops")) };
    const chain = new AuthenticatorChain([broken, knowing], { anonymous: true });
    await assert.rejects(async () => await chain.authenticate(bearer("t")), TypeError);
  });
});
