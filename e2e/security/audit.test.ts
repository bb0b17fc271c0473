/** What is told of requests: a log file that is set aside when it is large, and batches for a webhook in a process of its own. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { it } from "node:test";
import { ADMIN, startApiServer } from "./api-server-process.ts";
import { metric, until, writeConfiguration, writeKubeconfig } from "./files.ts";
import { startProgram } from "./program.ts";
import type { AuditedEvent, WebhookLine } from "./webhook-program.ts";

const PASSWORD = "correct horse battery staple";
const BIG = "x".repeat(300_000);

it("by levels of a policy, to a file and to a webhook, and nothing secret to either", async () => {
  const webhook = startProgram<WebhookLine>("webhook-program.ts");
  try {
    const { url, ca } = await webhook.next();
    let log = "";
    const server = await startApiServer((folder) => {
      log = join(folder, "audit", "audit.log");
      return {
        "audit-policy-file": writeConfiguration(folder, "policy.json", "Policy", {
          omitStages: ["RequestReceived"],
          rules: [
            { level: "Metadata", resources: [{ group: "", resources: ["secrets"] }] },
            { level: "Request", resources: [{ group: "", resources: ["configmaps"] }], verbs: ["create"] },
            { level: "None" },
          ],
        }),
        "audit-log-path": log,
        "audit-log-maxsize": "1",
        "audit-log-maxbackup": "1",
        "audit-webhook-config-file": writeKubeconfig(folder, "webhook.json", `${url}/audit`, ca),
        "audit-webhook-batch-max-size": "4",
        "audit-webhook-batch-max-wait": "50ms",
      };
    });
    try {
      const create = async (resource: string, body: object) =>
        assert.equal((await server.ask("POST", `/api/v1/namespaces/default/${resource}`, { body })).status, 201);
      await create("secrets", { metadata: { name: "s" }, stringData: { password: PASSWORD } });
      for (let i = 0; i < 9; i++) await create("configmaps", { metadata: { name: `c${i}` }, data: { text: BIG } });
      await server.ask("GET", "/api/v1/namespaces/default/configmaps/c1");

      const heard = () => webhook.told.flatMap(({ asked }) => (asked?.kind === "EventList" ? (asked.items ?? []) : []));
      const named = (all: readonly AuditedEvent[], name: string) =>
        all.filter(({ objectRef, stage }) => objectRef?.name === name && stage === "ResponseComplete");
      await until(async () => named(heard(), "c8").length > 0);
      assert.deepEqual(
        named(heard(), "s").map(({ level, requestObject }) => [level, requestObject]),
        [["Metadata", undefined]],
      );
      const [c1, ...others] = named(heard(), "c1");
      assert.deepEqual([c1?.level, c1?.verb, others.length], ["Request", "create", 0]);
      assert.equal((c1?.requestObject as { data: { text: string } } | undefined)?.data.text, BIG);
      const sizes = webhook.told.flatMap(({ asked }) =>
        asked?.kind === "EventList" ? [asked.items?.length ?? 0] : [],
      );
      assert.ok(Math.max(...sizes) <= 4);

      const files = readdirSync(join(log, ".."));
      assert.equal(files.length, 2, files.join());
      for (const name of files) {
        const path = join(log, "..", name);
        const { size, mode } = statSync(path);
        assert.ok(size <= 1024 * 1024 && (mode & 0o77) === 0, `${name} ${size} ${mode}`);
        const text = readFileSync(path, "utf8");
        assert.ok(!text.includes(PASSWORD) && !text.includes(Buffer.from(PASSWORD).toString("base64")));
        assert.ok(!text.includes(ADMIN));
      }
      assert.ok(!JSON.stringify(heard()).includes(Buffer.from(PASSWORD).toString("base64")));
      assert.ok((await metric(server, "apiserver_audit_event_total")) >= 10);
      assert.ok((await metric(server, 'apiserver_audit_level_total{level="Request"}')) >= 9);
    } finally {
      await server.stop();
    }
  } finally {
    await webhook.stop();
  }
});
