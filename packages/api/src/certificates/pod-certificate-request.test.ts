import assert from "node:assert/strict";
import { generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { describe, test } from "node:test";
import { fieldErrorText } from "@kubets/machinery";
import {
  certificateToPem,
  createAuthority,
  createKey,
  createSigningRequest,
  issueCertificate,
  readSigningRequest,
  spkiOf,
} from "@kubets/wire/x509";
import { canonical } from "../codec/canonical.ts";
import type {
  ClusterTrustBundle,
  PodCertificateRequest,
  PodCertificateRequestSpec,
  PodCertificateRequestStatus,
} from "../generated/types/certificates-v1beta1.ts";
import { writeContext } from "../testing/write-context.ts";
import { clusterTrustBundleResource } from "./cluster-trust-bundle.ts";
import { podCertificateRequestResource } from "./pod-certificate-request.ts";

const HOUR = 3_600_000;
const context = writeContext();
const NOW = Date.parse(context.now);
const key = createKey();
const stubOf = (of: KeyObject) => readSigningRequest(createSigningRequest(of, {})).der.toString("base64");
const authority = createAuthority({ commonName: "ca", key, notBefore: NOW, notAfter: NOW + 1e10 });

const request = (spec: Partial<PodCertificateRequestSpec> = {}, status: PodCertificateRequestStatus = {}) =>
  ({
    metadata: { namespace: "default", name: "req-1" },
    spec: {
      signerName: "example.com/signer",
      podName: "a",
      podUID: "pod-1",
      serviceAccountName: "default",
      serviceAccountUID: "sa-1",
      nodeName: "node-1",
      nodeUID: "node-1",
      maxExpirationSeconds: 86_400,
      stubPKCS10Request: stubOf(key),
      ...spec,
    },
    status,
  }) as PodCertificateRequest;

const errorsOf = (spec: Partial<PodCertificateRequestSpec>) =>
  (podCertificateRequestResource.validate?.(request(spec), context) ?? []).map(fieldErrorText);

describe("a request for the certificate of a pod", () => {
  test("comes with a key that who asks has", () => {
    assert.deepEqual(errorsOf({}), []);
    const old = (of: KeyObject, proof: Buffer) => ({
      stubPKCS10Request: "",
      pkixPublicKey: spkiOf(of).toString("base64"),
      proofOfPossession: proof.toString("base64"),
    });
    assert.deepEqual(errorsOf(old(key, sign("sha256", Buffer.from("pod-1"), key))), []);
    const proven = request(old(key, sign("sha256", Buffer.from("pod-1"), key)));
    const { stubPKCS10Request: _, ...spec } = proven.spec;
    const stored = canonical(podCertificateRequestResource.schema, { ...proven, spec });
    assert.deepEqual(podCertificateRequestResource.validate?.(stored as unknown as PodCertificateRequest, context), []);
    assert.deepEqual(errorsOf(old(key, sign("sha256", Buffer.from("pod-2"), key))), [
      "spec.proofOfPossession: Invalid value: could not verify proof-of-possession signature",
    ]);
    const small = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;
    assert.deepEqual(errorsOf({ stubPKCS10Request: stubOf(small) }), [
      'spec.stubPKCS10Request: Invalid value: "2048-bit modulus": RSA keys must have modulus size 3072 or 4096',
    ]);
    assert.deepEqual(errorsOf({ stubPKCS10Request: "" }), ["spec.stubPKCS10Request: Required value"]);
    const forged = readSigningRequest(createSigningRequest(key, {})).der;
    forged[forged.length - 1] = (forged.at(-1) ?? 0) ^ 1;
    assert.match(errorsOf({ stubPKCS10Request: forged.toString("base64") })[0] ?? "", /signed by its own key/);
  });

  test("is for a time that its signer may give", () => {
    assert.deepEqual(errorsOf({ maxExpirationSeconds: 3599 }), [
      "spec.maxExpirationSeconds: Invalid value: 3599: must be in the range [3600, 7862400]",
    ]);
    assert.deepEqual(errorsOf({ maxExpirationSeconds: 86_401, signerName: "kubernetes.io/x" }), [
      "spec.maxExpirationSeconds: Invalid value: 86401: must be in the range [3600, 86400]",
    ]);
  });

  const statusErrors = (status: PodCertificateRequestStatus, before: PodCertificateRequestStatus = {}) => {
    const { status: strategy } = podCertificateRequestResource.subresources ?? {};
    assert.ok(strategy?.type === "status");
    const errors = strategy.validateUpdate?.(request({}, status), request({}, before), context);
    return (errors ?? []).map(fieldErrorText).map((text) => text.replace(/"-----BEGIN[^ ]*.*?": /s, ""));
  };
  const outcome = (type: string) => ({
    conditions: [{ type, status: "True", reason: "Test", message: "", lastTransitionTime: context.now }],
  });
  const chain = (of: KeyObject, hours: number) =>
    certificateToPem(issueCertificate(authority, { publicKey: of, notBefore: NOW, notAfter: NOW + hours * HOUR }));
  const time = (hours: number) => new Date(NOW + hours * HOUR).toISOString().replace(".000", "");
  const issued = (hours: number, refresh: number, of = key): PodCertificateRequestStatus => ({
    ...outcome("Issued"),
    certificateChain: chain(of, hours),
    notBefore: time(0),
    beginRefreshAt: time(refresh),
    notAfter: time(hours),
  });

  test("is issued as was asked, once", () => {
    assert.deepEqual(statusErrors(issued(24, 12)), []);
    const invalid = (text: string) => [`status.${text}`];
    assert.deepEqual(
      statusErrors(issued(24, 12, createKey())),
      invalid("certificateChain: Invalid value: leaf certificate was not issued to the requested public key"),
    );
    assert.match(statusErrors(issued(25, 12))[0] ?? "", /lifetime must be <= spec.maxExpirationSeconds \(86400\)/);
    assert.match(statusErrors(issued(24, 24))[0] ?? "", /at least 10 minutes before status.notAfter/);
    assert.match(statusErrors({ ...issued(24, 12), notAfter: time(23) })[0] ?? "", /NotAfter time encoded/);
    assert.match(statusErrors(issued(24, 12), outcome("Denied"))[0] ?? "", /immutable after/);
    assert.match(statusErrors({ ...issued(24, 12), ...outcome("Denied") })[0] ?? "", /must be empty when denying/);
    assert.match(statusErrors(outcome("Approved"))[0] ?? "", /Unsupported value: "Approved"/);
    assert.deepEqual(statusErrors(outcome("Denied")), []);
  });
});

test("a trust bundle is named after its signer, and holds authorities", () => {
  const errors = (name: string, trustBundle: string, signerName?: string) => {
    const bundle = { metadata: { name }, spec: { trustBundle, ...(signerName && { signerName }) } };
    return (clusterTrustBundleResource.validate?.(bundle as ClusterTrustBundle, context) ?? []).map(fieldErrorText);
  };
  const ca = certificateToPem(authority.certificate);
  assert.deepEqual(errors("plain", ca), []);
  assert.deepEqual(errors("example.com:signer:one", ca, "example.com/signer"), []);
  assert.match(errors("one", ca, "example.com/signer")[0] ?? "", /must be named with prefix example.com:signer:/);
  assert.match(errors("a:b", ca)[0] ?? "", /must not have ":" in its name/);
  const leaf = certificateToPem(issueCertificate(authority, { publicKey: key, notBefore: NOW, notAfter: NOW + HOUR }));
  assert.match(errors("plain", leaf)[0] ?? "", /entry 0 does not have the CA bit set/);
  assert.match(errors("plain", "")[0] ?? "", /at least one trust anchor must be provided/);
});
