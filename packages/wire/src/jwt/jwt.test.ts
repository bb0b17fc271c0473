import assert from "node:assert/strict";
import { createPublicKey, generateKeyPairSync } from "node:crypto";
import { describe, it } from "node:test";
import { checkTimes, jwks, keyId, tokenSigner, tokenVerifier, unverifiedClaims } from "../jwt.ts";

const ec = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;
const other = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
const claims = {
  iss: "https://kubernetes.default.svc",
  sub: "system:serviceaccount:a:b",
  aud: ["x"],
  exp: 2000,
  iat: 1000,
};
const flipped = (token: string, at: number) =>
  token.slice(0, at) + (token[at] === "A" ? "B" : "A") + token.slice(at + 1);

describe("tokens", () => {
  for (const [name, key] of Object.entries({ ec, rsa })) {
    it(`signed with ${name} are verified by the public key`, () => {
      const token = tokenSigner(key).sign(claims);
      const verifier = tokenVerifier([other, createPublicKey(key)]);
      assert.deepEqual(verifier.verify(token), claims);
      assert.equal(verifier.verify(token), verifier.verify(token), "from the cache");
      assert.ok(Object.isFrozen(verifier.verify(token)));
    });
  }

  it("signed by another, changed, or cut are refused with the reason", () => {
    const verifier = tokenVerifier([ec]);
    const token = tokenSigner(ec).sign(claims);
    assert.throws(() => verifier.verify(tokenSigner(other).sign(claims)), { reason: "signature" });
    assert.throws(() => verifier.verify(tokenSigner(rsa).sign(claims)), { reason: "algorithm" });
    assert.throws(() => verifier.verify(flipped(token, token.lastIndexOf(".") + 5)), { reason: "signature" });
    for (const bad of ["", "a", "a.b", "..", "a.b.c", token.slice(0, token.lastIndexOf(".") + 1)]) {
      assert.throws(() => verifier.verify(bad), { reason: "malformed" }, bad);
    }
  });

  it("never pass unsigned, or with a public key as a secret", () => {
    const verifier = tokenVerifier([rsa]);
    for (const alg of ["none", "HS256", "", undefined]) {
      const header = Buffer.from(JSON.stringify({ alg })).toString("base64url");
      const body = Buffer.from(JSON.stringify(claims)).toString("base64url");
      assert.throws(() => verifier.verify(`${header}.${body}.AAAA`), { reason: "algorithm" });
    }
  });

  it("are cached within bounds", () => {
    const verifier = tokenVerifier([ec], 2);
    const tokens = [1, 2, 3].map((jti) => tokenSigner(ec).sign({ ...claims, jti: String(jti) }));
    const first = verifier.verify(tokens[0] as string);
    for (const token of tokens) verifier.verify(token);
    assert.notEqual(verifier.verify(tokens[0] as string), first);
    assert.deepEqual(verifier.verify(tokens[0] as string), first);
  });

  it("hold in their time, with a minute of grace", () => {
    checkTimes(claims, 1_500_000);
    checkTimes(claims, 2_059_000);
    assert.throws(() => checkTimes(claims, 2_061_000), { reason: "expired" });
    assert.throws(() => checkTimes(claims, 900_000), { reason: "notYetValid" });
    checkTimes({}, 0);
  });

  it("tell their issuer before they are verified", () => {
    assert.equal(unverifiedClaims(tokenSigner(ec).sign(claims)).iss, claims.iss);
  });
});

describe("published keys", () => {
  it("carry Kubernetes' ids and are enough to verify", () => {
    const { keys } = jwks([ec, rsa]);
    assert.deepEqual(
      keys.map((key) => [key.kty, key.alg]),
      [
        ["EC", "ES256"],
        ["RSA", "RS256"],
      ],
    );
    assert.equal(keys[0]?.kid, keyId(createPublicKey(ec)));
    assert.match(keyId(ec), /^[\w-]{43}$/);
    assert.ok(!JSON.stringify(keys).includes('"d"'), "nothing private");
    const imported = keys.map((key) => createPublicKey({ key: { ...key }, format: "jwk" }));
    assert.deepEqual(tokenVerifier(imported).verify(tokenSigner(rsa).sign(claims)), claims);
  });
});
