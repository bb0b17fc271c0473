import assert from "node:assert/strict";
import { it } from "node:test";
import type { KubeObject } from "@kubets/api/meta";
import type { ResourceRef } from "@kubets/api/resource-ref";
import { seededRandom, VirtualClock } from "@kubets/machinery";
import { tokenSigner, tokenVerifier } from "@kubets/wire/jwt";
import { createKey, publicOf } from "@kubets/wire/x509";
import type { ClusterView } from "../admission/plugin.ts";
import { type Binding, ServiceAccountTokens } from "./service-account-tokens.ts";

const ISSUER = "https://kubernetes.default.svc";

function setUp() {
  const clock = new VirtualClock();
  const objects = new Map<string, KubeObject>();
  const put = (resource: string, namespace: string, name: string, uid: string, more: object = {}) => {
    const object = { metadata: { name, namespace, uid, ...more } } as unknown as KubeObject;
    objects.set(`${resource}/${namespace}/${name}`, object);
    return object;
  };
  const view = {
    get: (ref: ResourceRef, namespace: string, name: string) => objects.get(`${ref.resource}/${namespace}/${name}`),
  } as unknown as ClusterView;
  const tokensOf = (key = createKey()) =>
    new ServiceAccountTokens(
      {
        issuers: [ISSUER],
        audiences: [ISSUER],
        signer: tokenSigner(key),
        verifier: tokenVerifier([publicOf(key)]),
        publicKeys: [publicOf(key)],
        jwksUri: "",
        longestSeconds: 2 ** 32,
      },
      { view, clock, random: seededRandom(1) },
    );
  const account = put("serviceaccounts", "a", "robot", "1");
  const tokens = tokensOf();
  const issue = (binding: Binding = {}, audiences = [ISSUER]) => tokens.issue(account, audiences, 3600, binding).token;
  return { clock, objects, put, tokens, tokensOf, account, issue };
}

const pod = { name: "p", uid: "10" };

it("a token is whose it says, with the pod it is for", () => {
  const { put, tokens, issue } = setUp();
  put("pods", "a", "p", "10");
  const user = tokens.read(issue({ pod }), undefined);
  assert.equal(user?.name, "system:serviceaccount:a:robot");
  assert.deepEqual(user?.extra?.["authentication.kubernetes.io/pod-uid"], ["10"]);
});

for (const [resource, namespace, binding] of [
  ["pods", "a", { pod }],
  ["secrets", "a", { secret: pod }],
  ["nodes", "", { node: pod }],
] as const) {
  it(`a token that is bound to one of the ${resource} ends when that goes, or is another of the same name`, () => {
    const { objects, put, tokens, issue } = setUp();
    put(resource, namespace, "p", "10");
    const token = issue(binding);
    assert.ok(tokens.read(token, undefined));
    put(resource, namespace, "p", "11");
    assert.throws(() => tokens.read(token, undefined), /invalidated/);
    objects.delete(`${resource}/${namespace}/p`);
    assert.throws(() => tokens.read(token, undefined), /invalidated/);
  });
}

it("a token outlives the deletion of its pod by a minute behind the time that the pod was given", async () => {
  const { clock, put, tokens, issue } = setUp();
  put("pods", "a", "p", "10", { deletionTimestamp: new Date(clock.now() + 30_000).toISOString() });
  const token = issue({ pod });
  await clock.advance(89_000);
  assert.ok(tokens.read(token, undefined));
  await clock.advance(2000);
  assert.throws(() => tokens.read(token, undefined), /invalidated/);
});

it("a token ends with its account, and is not the next account's of that name", () => {
  const { objects, put, tokens, issue } = setUp();
  const token = issue();
  put("serviceaccounts", "a", "robot", "2");
  assert.throws(() => tokens.read(token, undefined), /invalidated/);
  objects.delete("serviceaccounts/a/robot");
  assert.throws(() => tokens.read(token, undefined), /invalidated/);
});

it("a token for somebody else is not taken, nor one that is over, nor one by another key", async () => {
  const { clock, account, tokens, tokensOf, issue } = setUp();
  assert.throws(() => tokens.read(issue({}, ["vault"]), undefined), /audiences/);
  assert.deepEqual(tokens.read(issue({}, ["vault"]), ["vault"])?.audiences, ["vault"]);
  assert.throws(() => tokens.read(tokensOf().issue(account, [ISSUER], 3600, {}).token, undefined));
  const token = issue();
  await clock.advance(3_601_000);
  assert.throws(() => tokens.read(token, undefined), /expired/);
});
