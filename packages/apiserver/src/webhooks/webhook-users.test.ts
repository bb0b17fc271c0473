import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import type { TLSSocket } from "node:tls";
import { configmaps, validatingwebhookconfigurations } from "@kubets/api/generated/refs";
import { parseKubeconfig } from "@kubets/client/kubeconfig/kubeconfig";
import { stringifyJson } from "@kubets/machinery/json";
import type { ReadonlyJson } from "@kubets/machinery/json-value";
import { ownServingCertificate } from "../serving-certificate.ts";
import { startTestServer } from "../testing/server.ts";
import { WebhookUsers } from "./webhook-users.ts";

const PLUGIN = "ValidatingAdmissionWebhook";
const user = (name: string, entry: object = { token: `of ${name}` }) => ({ name, user: entry });
const kubeconfig = (users: readonly object[], more: object = {}) =>
  stringifyJson({ apiVersion: "v1", kind: "Config", users, ...more } as ReadonlyJson);

describe("who the server is to a webhook", () => {
  const current = { contexts: [{ name: "c", context: { user: "mine" } }], "current-context": "c" };
  const cases: readonly [users: readonly string[], host: string, port: number, found: string | undefined][] = [
    [["a.b.svc:443", "a.b.svc"], "a.b.svc", 443, "a.b.svc:443"],
    [["a.b.svc", "*"], "a.b.svc", 443, "a.b.svc"],
    [["a.b.svc", "*"], "a.b.svc", 8443, "*"],
    [["*.b.svc", "*.svc", "a.b.svc:8443"], "a.b.svc", 443, "*.b.svc"],
    [["*.svc", "mine"], "a.b.svc", 443, "*.svc"],
    [["*.svc:8443", "*.svc"], "a.b.svc", 8443, "*.svc:8443"],
    [["mine", "*.svc"], "example.com", 443, "mine"],
    [["other"], "example.com", 443, undefined],
    [["[fd00::1]:8443"], "fd00::1", 8443, "[fd00::1]:8443"],
  ];
  for (const [users, host, port, found] of cases)
    it(`at ${host}:${port} of ${users.join(", ")} is ${found ?? "nobody"}`, async () => {
      const text = kubeconfig(
        users.map((name) => user(name)),
        current,
      );
      const chosen = await new WebhookUsers(parseKubeconfig(text, "/file")).at(host, port);
      assert.equal(await chosen?.credentials.authorization(), found && `Bearer of ${found}`);
    });

  it("is told by a token, a certificate and whom it impersonates", async (t) => {
    const folder = mkdtempSync(join(tmpdir(), "kubets-webhook-users-"));
    t.after(() => rmSync(folder, { recursive: true }));
    const pair = ownServingCertificate(undefined, { dnsNames: [], ipAddresses: ["127.0.0.1"] }, Date.now());
    const seen: unknown[] = [];
    const webhook = createServer(
      { ...pair, requestCert: true, rejectUnauthorized: false },
      ({ headers, socket }, response) => {
        const { authorization, "impersonate-user": as } = headers;
        seen.push({ authorization, as, isKnown: (socket as TLSSocket).getPeerX509Certificate() !== undefined });
        response.end("{}");
      },
    ).listen(0, "127.0.0.1");
    t.after(() => webhook.close());
    await once(webhook, "listening");
    const { port } = webhook.address() as AddressInfo;
    const file = join(folder, "kubeconfig");
    const base64 = (text: string) => Buffer.from(text).toString("base64");
    const certificate = { "client-certificate-data": base64(pair.cert), "client-key-data": base64(pair.key) };
    writeFileSync(file, kubeconfig([user(`127.0.0.1:${port}`, { token: "secret", as: "jane", ...certificate })]));
    const text = JSON.stringify({
      apiVersion: "apiserver.config.k8s.io/v1",
      kind: "WebhookAdmissionConfiguration",
      kubeConfigFile: file,
    });
    const { admin, close } = await startTestServer({ configurations: new Map([[PLUGIN, { text, from: "file" }]]) });
    t.after(close);
    await admin.create(validatingwebhookconfigurations, {
      metadata: { name: "asked" },
      webhooks: [
        {
          name: "asked.example.com",
          clientConfig: { url: `https://127.0.0.1:${port}/`, caBundle: base64(pair.cert) },
          rules: [{ apiGroups: [""], apiVersions: ["v1"], resources: ["configmaps"], operations: ["CREATE"] }],
          sideEffects: "None",
          admissionReviewVersions: ["v1"],
          failurePolicy: "Ignore",
        },
      ],
    });
    await admin.create(configmaps, { metadata: { name: "a", namespace: "default" } });
    assert.deepEqual(seen, [{ authorization: "Bearer secret", as: "jane", isKnown: true }]);
  });

  for (const [what, file, why] of [
    ["a file that is not there", "/nowhere/kubeconfig", /file: kubeConfigFile: .*ENOENT/],
    ["a path that is not absolute", "kubeconfig", /kubeConfigFile: Invalid value: "kubeconfig": must be an absolute/],
  ] as const)
    it(`cannot be said by ${what}`, async () => {
      const text = JSON.stringify({
        apiVersion: "apiserver.config.k8s.io/v1",
        kind: "WebhookAdmissionConfiguration",
        kubeConfigFile: file,
      });
      const configurations = new Map([[PLUGIN, { text, from: "file" }]]);
      await assert.rejects(startTestServer({ configurations }), why);
    });
});
