import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { test } from "node:test";
import { createAuthority, createKey, issueCertificate, publicOf, validFor } from "@kubets/wire/x509";
import type { ClientCertificate } from "./authenticator.ts";
import { certificateAuthenticator } from "./certificates.ts";

const days = validFor(Date.now(), 1);
const authority = createAuthority({ commonName: "kubernetes", key: createKey(), ...days });
const jane = issueCertificate(authority, {
  commonName: "jane",
  organizations: ["dev", "ops"],
  publicKey: publicOf(createKey()),
  ...days,
});
const ask = (certificate: ClientCertificate | undefined, error?: string) =>
  certificateAuthenticator().authenticate({
    header: () => undefined,
    peer: { address: "", certificate: () => certificate, certificateError: () => error },
  });
const withUids = (...uids: string[]) => ({
  ...jane,
  subject: [...jane.subject, ...uids.map((value) => ({ oid: "1.3.6.1.4.1.57683.2", value }))],
});

test("the common name is the user, the organizations are the groups, and what tells one certificate from others is told", () => {
  const fingerprint = new X509Certificate(jane.der).fingerprint256.replaceAll(":", "").toLowerCase();
  assert.deepEqual(ask(jane), {
    name: "jane",
    groups: ["dev", "ops", "system:authenticated"],
    extra: { "authentication.kubernetes.io/credential-id": [`X509SHA256=${fingerprint}`] },
  });
});

test("a certificate may tell the user's uid, once", () => {
  assert.equal((ask(withUids("u-7")) as { uid: string }).uid, "u-7");
  for (const wrong of [withUids(""), withUids("u-7", "u-8")]) assert.throws(() => ask(wrong), /Unauthorized/);
});

test("nobody becomes anonymous by a certificate that is not good", () => {
  assert.equal(ask(undefined), undefined);
  assert.throws(() => ask(undefined, "CERT_HAS_EXPIRED"), { code: 401 });
});
