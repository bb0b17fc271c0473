/** Decisions of servers outside: two webhooks of a file, in order, before RBAC; taken up again when the file changes. */
import assert from "node:assert/strict";
import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { it } from "node:test";
import { startApiServer } from "./api-server-process.ts";
import { metric, until, writeConfiguration, writeKubeconfig } from "./files.ts";
import { startProgram } from "./program.ts";
import type { WebhookLine } from "./webhook-program.ts";

const CONFIG_MAP = "/api/v1/namespaces/kube-system/configmaps/extension-apiserver-authentication";

it("webhooks allow, deny and pass on; conditions keep questions from them; one that is away does what its policy says", async () => {
  const webhook = startProgram<WebhookLine>("webhook-program.ts");
  try {
    const { url, ca } = await webhook.next();
    const outside = (folder: string, name: string, failurePolicy: string) => ({
      type: "Webhook",
      name,
      webhook: {
        timeout: "3s",
        authorizedTTL: "0s",
        unauthorizedTTL: "0s",
        cacheAuthorizedRequests: false,
        cacheUnauthorizedRequests: false,
        subjectAccessReviewVersion: "v1",
        matchConditionSubjectAccessReviewVersion: "v1",
        failurePolicy,
        connectionInfo: {
          type: "KubeConfigFile",
          kubeConfigFile: writeKubeconfig(folder, `${name}.json`, `${url}/${name}`, ca),
        },
        matchConditions: [{ expression: "has(request.resourceAttributes)" }, { expression: "request.user != 'joe'" }],
      },
    });
    const configure = (folder: string, ...webhooks: object[]) =>
      writeConfiguration(folder, "authorization.json", "AuthorizationConfiguration", {
        authorizers: [...webhooks, { type: "RBAC", name: "rbac" }],
      });
    let folder = "";
    const server = await startApiServer((made) => {
      folder = made;
      appendFileSync(join(made, "tokens.csv"), "jane-token,jane,jane\njoe-token,joe,joe\n");
      const file = configure(made, outside(made, "first", "NoOpinion"), outside(made, "second", "NoOpinion"));
      return { "authorization-config": file, "authorization-mode": "" };
    });
    try {
      const ask = async (method: string, token = "jane-token") => {
        const { status, body } = await server.ask(method, CONFIG_MAP, { token });
        return [status, (body as { message?: string }).message] as const;
      };
      assert.equal((await ask("GET"))[0], 200);
      const [status, message] = await ask("DELETE");
      assert.equal(status, 403);
      assert.match(message ?? "", /cannot delete resource "configmaps".*: nothing is deleted here$/);
      const before = webhook.told.length;
      assert.equal((await ask("GET", "joe-token"))[0], 403);
      assert.equal(webhook.told.length, before, "nobody is asked about joe");
      const decisions = (decision: string, name: string) =>
        metric(server, `apiserver_authorization_decisions_total{decision="${decision}",name="${name}",type="Webhook"}`);
      assert.deepEqual([await decisions("allowed", "first"), await decisions("denied", "second")], [1, 1]);
      assert.ok(
        (await metric(
          server,
          'apiserver_authorization_match_condition_exclusions_total{name="first",type="Webhook"}',
        )) > 0,
      );

      webhook.tell({ down: true });
      await until(async () => (await ask("GET"))[0] === 403);
      const failed = 'apiserver_authorization_webhook_evaluations_fail_open_total{name="first",result="error"}';
      assert.ok((await metric(server, failed)) > 0);
      webhook.tell({ down: false });
      await until(async () => (await ask("GET"))[0] === 200);

      configure(folder);
      await until(async () => (await ask("GET"))[0] === 403);
      configure(folder, outside(folder, "first", "Deny"));
      await until(async () => (await ask("GET"))[0] === 200);
      webhook.tell({ down: true });
      await until(async () => (await ask("GET"))[0] === 403);
    } finally {
      await server.stop();
    }
  } finally {
    await webhook.stop();
  }
});
