import assert from "node:assert/strict";
import { test } from "node:test";
import { certificatesigningrequests } from "@kubets/api/generated/refs";
import {
  certificateToPem,
  createAuthority,
  createKey,
  createSigningRequest,
  issueCertificate,
  validFor,
} from "@kubets/wire/x509";
import { startTestServer } from "../testing/server.ts";
import { told } from "../testing/told.ts";

const DAY = 86_400;
const base64 = (text: string) => Buffer.from(text).toString("base64");

test("certificates are counted that were asked for with a time, and those that have about it", async (t) => {
  const { admin, server, clock, close } = await startTestServer();
  t.after(close);
  const key = createKey();
  const authority = createAuthority({ commonName: "ca", key, ...validFor(clock.now(), 365) });
  const certificate = (days: number) =>
    certificateToPem(
      issueCertificate(authority, { commonName: "jane", publicKey: key, ...validFor(clock.now(), days) }),
    );
  const request = base64(createSigningRequest(key, { commonName: "jane" }));
  async function sign(
    name: string,
    signerName: string,
    days: number,
    dryRun = false,
    pem = certificate(days),
  ): Promise<void> {
    const spec = { request, signerName, usages: ["client auth"], expirationSeconds: 10 * DAY };
    await admin.create(certificatesigningrequests, { metadata: { name }, spec });
    const status = { certificate: base64(pem) };
    const options = { subresource: "status", dryRun };
    await admin.patch(certificatesigningrequests, { name }, { type: "merge", body: { status } }, options);
    await admin.patch(
      certificatesigningrequests,
      { name },
      { type: "merge", body: { metadata: { labels: { a: "b" } } } },
    );
  }
  await sign("a", "kubernetes.io/kube-apiserver-client", 10);
  await sign("b", "kubernetes.io/kube-apiserver-client", 100);
  await sign("c", "example.com/own", 10);
  await sign("d", "example.com/own", 10, true);
  const withBlankLines = certificate(10).replaceAll("\n", "\n\n");
  await sign("e", "kubernetes.io/kubelet-serving", 10, false, withBlankLines);
  const now = (what: string, signer: string) =>
    told(
      server.context.metrics.registry,
      `apiserver_certificates_registry_csr_${what}_duration_total{signerName="${signer}"}`,
    );
  assert.deepEqual(
    ["requested", "honored"].map((what) => [
      now(what, "kubernetes.io/kube-apiserver-client"),
      now(what, "other"),
      now(what, "kubernetes.io/kubelet-serving"),
    ]),
    [
      [2, 1, 1],
      [1, 1, 1],
    ],
  );
});
