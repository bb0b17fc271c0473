import assert from "node:assert/strict";
import { createPublicKey } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { isIssuedBy, readCertificate } from "@kubets/wire/x509";
import { ClusterPki } from "./pki.ts";

const DAY = 86_400_000;
const NOW = Date.UTC(2026, 0, 1);
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "kubets-pki-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const serving = { commonName: "kube-apiserver", usages: ["serverAuth"] as const, ipAddresses: ["127.0.0.1"] };

test("certificates are kept while they are good", () => {
  const first = new ClusterPki(folder, () => NOW).certificate("apiserver", serving);
  assert.equal(new ClusterPki(folder, () => NOW + 100 * DAY).certificate("apiserver", serving).cert, first.cert);
});

test("an old certificate is made anew under the same authority", () => {
  const before = new ClusterPki(folder, () => NOW);
  const first = before.certificate("apiserver", serving);
  const later = new ClusterPki(folder, () => NOW + 320 * DAY);
  const second = later.certificate("apiserver", serving);
  assert.notEqual(second.cert, first.cert);
  assert.equal(later.caPem, before.caPem);
  assert.ok(isIssuedBy(readCertificate(second.cert), readCertificate(later.caPem)));
});

test("a key that is not the certificate's, of a run that was killed, is made anew with it", () => {
  const pki = new ClusterPki(folder, () => NOW);
  pki.certificate("apiserver", serving);
  const other = pki.certificate("other", serving);
  writeFileSync(join(folder, "apiserver.key"), other.key);
  const { key, cert } = new ClusterPki(folder, () => NOW).certificate("apiserver", serving);
  assert.ok(createPublicKey(key).equals(readCertificate(cert).publicKey));
});

test("a certificate that lacks a name is made anew", () => {
  const pki = new ClusterPki(folder, () => NOW);
  const first = pki.certificate("apiserver", serving);
  const second = pki.certificate("apiserver", { ...serving, ipAddresses: ["127.0.0.1", "10.9.8.7"] });
  assert.notEqual(second.cert, first.cert);
  assert.deepEqual(readCertificate(second.cert).ipAddresses, ["127.0.0.1", "10.9.8.7"]);
});

test("the key of service account tokens never changes", () => {
  const key = new ClusterPki(folder, () => NOW).signingKey("service-account");
  assert.equal(new ClusterPki(folder, () => NOW + 3000 * DAY).signingKey("service-account"), key);
});
