import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { certificatesigningrequests } from "@kubets/api/generated/refs";
import type { CertificateSigningRequest } from "@kubets/api/generated/types/certificates-v1";
import { machineReading } from "@kubets/client/kubeconfig/reading";
import { MemoryApi } from "@kubets/client/testing/memory-api";
import { createClient } from "@kubets/client/typed-client";
import { seededRandom, silentLogger, VirtualClock } from "@kubets/machinery";
import { toYaml } from "@kubets/machinery/yaml";
import {
  certificateToPem,
  createAuthority,
  createKey,
  issueCertificate,
  keyToPem,
  readCertificate,
  readSigningRequest,
} from "@kubets/wire/x509";
import { bootstrap } from "./bootstrap.ts";
import { CertificateStore } from "./certificate-store.ts";
import { bootstrapServing, rotateClient } from "./rotate.ts";

const HOUR = 3_600_000;
const key = createKey();

function setUp(t: { after(work: () => void): void }) {
  const folder = mkdtempSync(join(tmpdir(), "kubets-identity-"));
  const stop = new AbortController();
  t.after(() => {
    stop.abort();
    rmSync(folder, { recursive: true });
  });
  const clock = new VirtualClock(Date.parse("2026-01-01T00:00:00Z"));
  const validity = () => ({ notBefore: clock.now(), notAfter: clock.now() + 100 * HOUR });
  const authority = createAuthority({ commonName: "ca", key, ...validity() });
  const issue = (commonName: string) => {
    const own = createKey();
    const cert = certificateToPem(issueCertificate(authority, { commonName, publicKey: own, ...validity() }));
    return { cert, key: keyToPem(own) };
  };
  const client = createClient(new MemoryApi({ inProcess: true }));
  /** Signs the newest request, and gives what it asked for. */
  const sign = async () => {
    const { items } = await client.list(certificatesigningrequests);
    const { metadata, spec } = items.at(-1) as CertificateSigningRequest;
    const asked = readSigningRequest(Buffer.from(spec.request, "base64").toString());
    const cert = certificateToPem(issueCertificate(authority, { ...asked, ...validity() }));
    const status = { certificate: Buffer.from(cert).toString("base64") };
    await client.patch(certificatesigningrequests, metadata, { type: "merge", body: { status } });
    await clock.advance(1000);
    return { spec, asked, count: items.length };
  };
  const parts = { client, clock, random: seededRandom(1), log: silentLogger, signal: stop.signal };
  return { folder, clock, issue, sign, parts, store: (name: string) => new CertificateStore(folder, name, clock) };
}

test("a store leads to the newest certificate, and knows when it is over", async (t) => {
  const { folder, clock, issue, store } = setUp(t);
  const kept = store("kubelet-client");
  assert.equal(kept.read(), undefined);
  const first = issue("one");
  kept.write(first);
  assert.equal(readCertificate(kept.read()?.cert ?? "").commonName, "one");
  assert.equal(readlinkSync(join(folder, "kubelet-client-current.pem")), "kubelet-client-2026-01-01-00-00-00.pem");
  await clock.advance(60 * HOUR);
  kept.write(issue("two"));
  assert.equal(readCertificate(kept.read()?.cert ?? "").commonName, "two");
  await clock.advance(101 * HOUR);
  assert.equal(kept.read(), undefined);
});

test("a kubeconfig that is good is left alone, and one that is not wants the server", async (t) => {
  const { folder, clock, issue, store, parts } = setUp(t);
  const kept = store("kubelet-client");
  kept.write(issue("system:node:n"));
  const kubeconfig = join(folder, "kubelet.conf");
  const config = (user: object) =>
    toYaml({
      apiVersion: "v1",
      kind: "Config",
      clusters: [{ name: "c", cluster: { server: "https://127.0.0.1:1" } }],
      contexts: [{ name: "c", context: { cluster: "c", user: "u" } }],
      "current-context": "c",
      users: [{ name: "u", user }],
    });
  writeFileSync(kubeconfig, config({ "client-certificate": kept.current, "client-key": kept.current }));
  const before = readFileSync(kubeconfig, "utf8");
  const bootstrapKubeconfig = join(folder, "bootstrap.conf");
  writeFileSync(bootstrapKubeconfig, config({ token: "abcdef.0123456789abcdef" }));
  const reading = machineReading();
  const come = () => bootstrap({ kubeconfig, bootstrapKubeconfig, nodeName: "n", store: kept, reading, ...parts });
  await come();
  assert.equal(readFileSync(kubeconfig, "utf8"), before);
  await clock.advance(101 * HOUR);
  await assert.rejects(come(), /127\.0\.0\.1:1/);
});

test("the client certificate is renewed in time, written and used", async (t) => {
  const { clock, issue, sign, parts, store } = setUp(t);
  const kept = store("kubelet-client");
  const used: string[] = [];
  const current = issue("system:node:n");
  rotateClient({ nodeName: "n", current, store: kept }, async ({ cert }) => void used.push(cert), parts);
  await clock.advance(69 * HOUR);
  assert.equal((await parts.client.list(certificatesigningrequests)).items.length, 0);
  await clock.advance(22 * HOUR);
  const { spec, asked } = await sign();
  assert.equal(spec.signerName, "kubernetes.io/kube-apiserver-client-kubelet");
  assert.deepEqual([asked.commonName, asked.organizations], ["system:node:n", ["system:nodes"]]);
  assert.deepEqual(used, [kept.read()?.cert]);
});

test("a serving certificate is asked for, and then renewed", async (t) => {
  const { clock, sign, parts, store } = setUp(t);
  const kept = store("kubelet-server");
  let loads = 0;
  const done = bootstrapServing({ nodeName: "n", addresses: ["192.0.2.7"], store: kept }, () => void loads++, parts);
  await clock.advance(1000);
  const { spec, asked } = await sign();
  await done;
  assert.equal(spec.signerName, "kubernetes.io/kubelet-serving");
  assert.deepEqual([asked.dnsNames, asked.ipAddresses], [["n"], ["192.0.2.7"]]);
  assert.equal(loads, 1);
  const first = kept.read()?.cert;
  await clock.advance(91 * HOUR);
  assert.ok((await sign()).count > 1);
  assert.equal(loads, 2);
  assert.notEqual(kept.read()?.cert, first);
});
