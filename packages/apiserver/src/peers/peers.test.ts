/** Two servers over one storage, of which one serves a version that the other does not. */
import assert from "node:assert/strict";
import https from "node:https";
import { type TestContext, test } from "node:test";
import { leases, mutatingadmissionpoliciesV1ALPHA1 } from "@kubets/api/generated/refs";
import { createClient } from "@kubets/client/typed-client";
import { realClock } from "@kubets/machinery";
import { MemoryStorage } from "@kubets/storage";
import { certificateToPem, createAuthority, createKey, issueCertificate, keyToPem, validFor } from "@kubets/wire/x509";
import { SERVER_USER } from "../api-server.ts";
import { identityOf } from "../services/identity-lease.ts";
import { startSocketServer } from "../testing/socket-server.ts";

const GROUP = "admissionregistration.k8s.io";
const POLICIES = `/apis/${GROUP}/v1alpha1/mutatingadmissionpolicies`;
const AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
const JSON_BODY = { "content-type": "application/json" };
const SPEC = {
  matchConstraints: {
    resourceRules: [{ apiGroups: [""], apiVersions: ["v1"], operations: ["CREATE"], resources: ["pods"] }],
  },
  mutations: [{ patchType: "JSONPatch", jsonPatch: { expression: '[JSONPatch{op: "remove", path: "/spec"}]' } }],
  reinvocationPolicy: "Never",
};
const REROUTED = { "x-kubernetes-peer-proxied": "true" };

const days = validFor(Date.now(), 1);
const servers = createAuthority({ commonName: "kubernetes", key: createKey(), ...days });
const proxies = createAuthority({ commonName: "front-proxy-ca", key: createKey(), ...days });
function pair(by: typeof servers, commonName: string, dnsNames: readonly string[]) {
  const key = createKey();
  const issued = issueCertificate(by, { commonName, publicKey: key, dnsNames: [...dnsNames], ...days });
  return { cert: certificateToPem(issued), key: keyToPem(key) };
}
const tls = {
  ...pair(servers, "kube-apiserver", ["kubernetes.default.svc"]),
  clientCa: certificateToPem(proxies.certificate),
};
const trust = {
  frontProxy: {
    authorities: [proxies.certificate],
    allowedNames: ["front-proxy-client"],
    usernameHeaders: ["X-Remote-User"],
    uidHeaders: ["X-Remote-Uid"],
    groupHeaders: ["X-Remote-Group"],
    extraPrefixes: ["X-Remote-Extra-"],
  },
  proxyClient: pair(proxies, "front-proxy-client", []),
  peers: { ca: certificateToPem(servers.certificate) },
};

interface Answer {
  readonly status: number;
  readonly body: string;
}

function ask(port: number, method: string, path: string, headers: Record<string, string> = {}, body?: object) {
  return new Promise<Answer>((resolve, reject) => {
    const asked = { port, method, path, headers: { authorization: "Bearer root", ...headers } };
    const request = https.request({ ...asked, rejectUnauthorized: false, agent: false }, async (answer) => {
      const text = Buffer.concat(await Array.fromAsync(answer as AsyncIterable<Buffer>)).toString();
      resolve({ status: answer.statusCode ?? 0, body: text });
    });
    request.on("error", reject);
    request.end(body && JSON.stringify(body));
  });
}

/** Asks again and again: each question takes its time. */
async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  for (let asked = 0; asked < 2000; asked++) if (await isSo()) return;
  throw new Error(`${what} did not come true`);
}

/** An old server, a new one that serves v1alpha1 too, and the way to ask the old one. */
async function startBoth(t: TestContext, gates = ["APIServerIdentity", "UnknownVersionInteroperabilityProxy"]) {
  const storage = new MemoryStorage({ clock: realClock });
  const start = async (hostname: string, ...runtimeConfig: string[]) => {
    const running = await startSocketServer({ gates, runtimeConfig, storage, hostname, tls, trust });
    t.after(() => running.close());
    return running;
  };
  const old = await start("old");
  const fresh = await start("new", `${GROUP}/v1alpha1`);
  const client = createClient(old.server.transport(SERVER_USER));
  const askOld = (method: string, path: string, headers?: Record<string, string>, body?: object) =>
    ask(old.port, method, path, headers, body);
  return { old, fresh, client, askOld };
}

const versionsIn = ({ body }: Answer) =>
  (JSON.parse(body) as { items: { metadata: { name: string }; versions: { version: string }[] }[] }).items
    .find(({ metadata }) => metadata.name === GROUP)
    ?.versions.map(({ version }) => version);

test("what only a peer serves is asked of the peer, on behalf of who asks, and told of as if it were here", async (t) => {
  const { client, askOld } = await startBoth(t);
  await until("the peer to be known", async () => (await askOld("GET", POLICIES)).status === 200);
  const type = { apiVersion: `${GROUP}/v1alpha1`, kind: "MutatingAdmissionPolicy" };
  const made = await askOld("POST", POLICIES, JSON_BODY, { ...type, metadata: { name: "one" }, spec: SPEC });
  assert.equal(made.status, 201, made.body);
  assert.equal((JSON.parse(made.body) as { apiVersion: string }).apiVersion, `${GROUP}/v1alpha1`);
  const inProcess = await client.list(mutatingadmissionpoliciesV1ALPHA1);
  assert.deepEqual(
    inProcess.items.map(({ metadata }) => metadata.name),
    ["one"],
  );
  const own = await askOld("GET", `/apis/${GROUP}/v1/mutatingadmissionpolicies/one`);
  assert.equal(own.status, 200, "what is stored is the same for both");

  // Jane may not; that is said here already, and who she is goes along where she may.
  const refused = await askOld("GET", POLICIES, { authorization: "Bearer jane" });
  assert.equal(refused.status, 403);
  assert.match(refused.body, /User \\"jane\\" cannot list/);
  // Nobody hands a request on twice, and what no server has is not here.
  assert.equal((await askOld("GET", POLICIES, REROUTED)).status, 404);
  assert.equal((await askOld("GET", `/apis/${GROUP}/v7/mutatingadmissionpolicies`)).status, 404);

  const all = await askOld("GET", "/apis", { accept: AGGREGATED });
  assert.deepEqual(versionsIn(all), ["v1", "v1alpha1"]);
  assert.equal((await askOld("GET", "/apis", { accept: AGGREGATED })).body, all.body);
  const alone = await askOld("GET", "/apis", { accept: `${AGGREGATED};profile=nopeer` });
  assert.deepEqual(versionsIn(alone), ["v1"]);

  const told = (await askOld("GET", "/metrics")).body;
  const labels = `group="${GROUP}",version="v1alpha1",resource="mutatingadmissionpolicies"`;
  for (const counted of [
    `apiserver_rerouted_request_total{code="201",${labels}} 1`,
    "aggregator_discovery_peer_aggregated_cache_hits_total 1",
    "aggregator_discovery_peer_aggregated_cache_misses_total 1",
  ])
    assert.ok(told.includes(`${counted}\n`), counted);
  // Servers ask each other as well.
  assert.match(told, /^apiserver_rerouted_request_total\{code="200",group="",version="",resource=""\} [1-9]/m);
  assert.match(told, /^aggregator_discovery_nopeer_requests_total [1-9]/m);
});

test("watches go on through the server that was asked, event by event", async (t) => {
  const { old, askOld } = await startBoth(t);
  await until("the peer to be known", async () => (await askOld("GET", POLICIES)).status === 200);
  const asked = { port: old.port, path: `${POLICIES}?watch=1`, headers: { authorization: "Bearer root" } };
  const seen = await new Promise<string>((resolve, reject) => {
    const request = https.request({ ...asked, rejectUnauthorized: false, agent: false }, (answer) => {
      answer.once("data", (chunk: Buffer) => {
        resolve(chunk.toString());
        request.destroy();
      });
      const path = `/apis/${GROUP}/v1/mutatingadmissionpolicies`;
      void askOld("POST", path, JSON_BODY, { metadata: { name: "two" }, spec: SPEC });
    });
    request.on("error", reject);
    request.end();
  });
  assert.match(seen, new RegExp(`"type":"ADDED".*"apiVersion":"${GROUP}/v1alpha1"`));
});

test("a peer that cannot be reached, or says no address, is an answer of its own; one that is gone serves nothing", async (t) => {
  const { fresh, client, askOld } = await startBoth(t);
  await until("the peer to be known", async () => (await askOld("GET", POLICIES)).status === 200);
  await fresh.stop({});
  const key = { namespace: "kube-system", name: identityOf("new") };
  const unreachable = await askOld("GET", POLICIES);
  assert.equal(unreachable.status, 503);
  assert.equal(unreachable.body, `dial tcp 127.0.0.1:${fresh.port}: connect: connection refused\n`);

  const annotations = { "kubernetes.io/peer-advertise-address": null };
  await client.patch(leases, key, { type: "merge", body: { metadata: { annotations } } });
  const nowhere = await askOld("GET", POLICIES);
  assert.equal(nowhere.status, 503);
  const { message } = JSON.parse(nowhere.body) as { message: string };
  assert.equal(message, "Error getting ip and port info of the remote server while proxying");

  await client.delete(leases, key);
  await until("the peer to be forgotten", async () => (await askOld("GET", POLICIES)).status === 404);
  const alone = await askOld("GET", "/apis", { accept: AGGREGATED });
  assert.deepEqual(versionsIn(alone), ["v1"]);
});

test("without the feature nobody is asked", async (t) => {
  const { old, askOld } = await startBoth(t, ["APIServerIdentity"]);
  assert.equal(old.server.context.peers, undefined);
  assert.equal((await askOld("GET", POLICIES)).status, 404);
});
