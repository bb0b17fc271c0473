import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { podcertificaterequests, serviceaccounts } from "@kubets/api/generated/refs";
import type { PodCertificateRequest } from "@kubets/api/generated/types/certificates-v1beta1";
import { pod } from "@kubets/api/testing/pod-builder";
import { seededRandom, silentLogger, VirtualClock } from "@kubets/machinery";
import { formatTime } from "@kubets/machinery/time";
import {
  certificateToPem,
  createAuthority,
  createKey,
  issueCertificate,
  keyFromPem,
  readCertificate,
  readSigningRequest,
  spkiOf,
} from "@kubets/wire/x509";
import { NodeApi } from "../testing/node-api.ts";
import { type SimulatedNode, simulatedNode } from "../testing/simulated-node.ts";
import { type Credential, PodCertificates } from "./pod-certificates.ts";

const HOUR = 3_600_000;
const SIGNER = "example.com/test";

const podCertificate = {
  signerName: SIGNER,
  keyType: "ECDSAP256",
  maxExpirationSeconds: 86_400,
  credentialBundlePath: "bundle.pem",
  keyPath: "key.pem",
  certificateChainPath: "chain.pem",
  userAnnotations: { "example.com/for": "me" },
};
const onePod = pod("one")
  .on("node-1")
  .uid("one")
  .container("c", { image: "a" })
  .spec({ volumes: [{ name: "id", projected: { sources: [{ podCertificate }] } }] })
  .build();

type World = Pick<SimulatedNode, "api" | "clock">;

const makeAccount = ({ api }: World) =>
  api.client.create(serviceaccounts, { metadata: { namespace: "default", name: "default", uid: "sa-1" } });
const requestsOf = async ({ api }: World) => (await api.client.list(podcertificaterequests)).items;

/** A node with a pod that asks for a certificate. */
async function nodeWithPod(t: { after(work: () => Promise<void>): void }) {
  const node = await simulatedNode();
  t.after(() => node.stop());
  await makeAccount(node);
  await node.api.createPod(onePod);
  return node;
}

const authorityKey = createKey();

async function decide({ api }: World, { metadata }: PodCertificateRequest, status: object): Promise<void> {
  await api.client.patch(podcertificaterequests, metadata, { type: "merge", body: { status } });
}

const condition = (type: string, reason: string) => ({
  type,
  status: "True",
  reason,
  message: "by the test",
  lastTransitionTime: "2026-01-01T00:00:00Z",
});

async function sign(node: World, request: PodCertificateRequest): Promise<void> {
  const now = node.clock.now();
  const validity = { notBefore: now, notAfter: now + 24 * HOUR };
  const authority = createAuthority({ commonName: "test", key: authorityKey, ...validity });
  const { publicKey } = readSigningRequest(Buffer.from(request.spec.stubPKCS10Request, "base64"));
  const certificate = issueCertificate(authority, { commonName: request.spec.podName, publicKey, ...validity });
  await decide(node, request, {
    conditions: [condition("Issued", "Signed")],
    certificateChain: `words\n${certificateToPem(certificate)}`,
    notBefore: formatTime(now),
    beginRefreshAt: formatTime(now + 12 * HOUR),
    notAfter: formatTime(now + 24 * HOUR),
  });
}

const file = ({ disk }: SimulatedNode, name: string) =>
  disk.readFile(`/var/lib/kubelet/pods/one/volumes/kubernetes.io~projected/id/${name}`).then(String, () => undefined);

test("a pod has its certificate as files", async (t) => {
  const node = await nodeWithPod(t);
  await node.clock.advance(1000);
  const [first] = await requestsOf(node);
  assert.ok(first);
  const { stubPKCS10Request, ...spec } = first.spec;
  assert.deepEqual(spec, {
    signerName: SIGNER,
    podName: "one",
    podUID: "one",
    serviceAccountName: "default",
    serviceAccountUID: "sa-1",
    nodeName: "node-1",
    nodeUID: node.kubelet.node.node?.metadata.uid,
    maxExpirationSeconds: 86_400,
    unverifiedUserAnnotations: { "example.com/for": "me" },
  });
  assert.equal(first.metadata.ownerReferences?.[0]?.uid, "one");
  assert.deepEqual(readSigningRequest(Buffer.from(stubPKCS10Request, "base64")).subject, []);
  assert.equal((await node.api.pod("one"))?.status.phase, "Pending");

  await sign(node, first);
  await node.clock.advance(5000);
  assert.equal((await node.api.pod("one"))?.status.phase, "Running");
  const [key = "", chain = ""] = [await file(node, "key.pem"), await file(node, "chain.pem")];
  assert.equal(await file(node, "bundle.pem"), key + chain);
  assert.ok(chain.startsWith("-----BEGIN CERTIFICATE-----"));
  assertFits({ key, chain });
});

const assertFits = ({ key, chain }: Credential) =>
  assert.deepEqual(spkiOf(readCertificate(chain).publicKey), spkiOf(keyFromPem(key)));

test("a pod waits for a signer that does not answer, and is told", async (t) => {
  const node = await nodeWithPod(t);
  await node.clock.advance(60_000);
  assert.match(node.api.events("one").join("\n"), /FailedMount: .*"id" : the pod's certificate is not issued yet/);
  assert.equal((await requestsOf(node)).length, 1);
});

test("a denial is final", async (t) => {
  const node = await nodeWithPod(t);
  await node.clock.advance(1000);
  const [request] = (await requestsOf(node)) as [PodCertificateRequest];
  await decide(node, request, { conditions: [condition("Denied", "UnsupportedKeyType")] });
  await node.clock.advance(60_000);
  assert.equal((await requestsOf(node)).length, 1);
  assert.equal((await node.api.pod("one"))?.status.phase, "Pending");
  assert.match(
    node.api.events("one").join("\n"),
    /^Denied: PodCertificateRequest default\/.* was denied, reason="UnsupportedKeyType", message="by the test"$/m,
  );
});

describe("over hours", () => {
  async function kept(t: { after(work: () => void): void }) {
    const clock = new VirtualClock();
    const api = new NodeApi(clock);
    const stop = new AbortController();
    t.after(() => stop.abort());
    const told: string[] = [];
    let changes = 0;
    const certificates = new PodCertificates({
      client: api.client,
      clock,
      random: seededRandom(1),
      log: silentLogger,
      events: { event: (_object, _type, reason) => void told.push(reason) },
      signal: stop.signal,
      node: () => undefined,
      changed: () => void changes++,
    });
    await makeAccount({ api, clock });
    /** As the volume asks: it gets what there is, or why there is nothing. */
    const get = async () => {
      const answer = certificates.get(onePod, "id/0", podCertificate).catch((error: Error) => error.message);
      await clock.advance(10_000);
      return await answer;
    };
    return { api, clock, certificates, get, told, changes: () => changes };
  }

  test("it is asked for anew in time, and the old one serves until then", async (t) => {
    const world = await kept(t);
    const { clock, certificates, get } = world;
    assert.equal(await get(), "the pod's certificate is not issued yet");
    await sign(world, (await requestsOf(world))[0] as PodCertificateRequest);
    await clock.advance(1000);
    assert.equal(world.changes(), 1);
    const first = (await get()) as Credential;
    const due = certificates.dueAt("one") ?? 0;
    assert.ok(due >= clock.now() + 12 * HOUR - 60_000 && due <= clock.now() + 13 * HOUR, String(due));
    await clock.advance(due - clock.now() - 60_000);
    assert.deepEqual(await get(), first);
    assert.equal((await requestsOf(world)).length, 1);
    await clock.advance(120_000);
    assert.deepEqual(await get(), first);
    const second = (await requestsOf(world))[1] as PodCertificateRequest;
    await sign(world, second);
    await clock.advance(1000);
    assert.equal(world.changes(), 2);
    const renewed = (await get()) as Credential;
    assert.notEqual(renewed.chain, first.chain);
    assertFits(renewed);
    assert.deepEqual(world.told, []);
  });

  test("a request that was deleted is made again; that a certificate is old, and over, is told once", async (t) => {
    const world = await kept(t);
    const { clock, get, api, told } = world;
    await get();
    const [first] = (await requestsOf(world)) as [PodCertificateRequest];
    await api.client.delete(podcertificaterequests, first.metadata);
    await clock.advance(60_000);
    await get();
    const [again] = (await requestsOf(world)) as [PodCertificateRequest];
    assert.notEqual(again.metadata.name, first.metadata.name);
    await sign(world, again);
    await clock.advance(1000);
    const certificate = await get();
    await clock.advance(13 * HOUR);
    assert.deepEqual([await get(), await get()], [certificate, certificate]);
    assert.deepEqual(told, ["CertificateOverdueForRefresh"]);
    await clock.advance(12 * HOUR);
    assert.deepEqual(await get(), certificate);
    assert.deepEqual(told, ["CertificateOverdueForRefresh", "CertificateExpired"]);
  });
});
