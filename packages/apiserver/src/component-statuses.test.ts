import assert from "node:assert/strict";
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import https from "node:https";
import type { AddressInfo } from "node:net";
import { after, before, test } from "node:test";
import { certificateToPem, createAuthority, createKey, keyToPem, validFor } from "@kubets/wire/x509";
import { probeComponent } from "./component-probe.ts";
import { startSocketServer } from "./testing/socket-server.ts";

const PATH = "/api/v1/componentstatuses";
let server: Awaited<ReturnType<typeof startSocketServer>>;
before(async () => {
  server = await startSocketServer();
  const { components } = server.server.context;
  components.set("controller-manager", () => undefined);
  components.set("scheduler", async () => "it sleeps");
});
after(() => server.close());

async function ask(path: string, method = "GET", accept = "application/json") {
  const headers = { authorization: "Bearer root", accept };
  const options = { port: server.port, method, path, headers, agent: false, rejectUnauthorized: false } as const;
  const [answer] = (await once(https.request(options).end(), "response")) as [IncomingMessage];
  return { status: answer.statusCode, told: JSON.parse((await answer.setEncoding("utf8").toArray()).join("")) };
}

const status = (name: string, healthy: string, message: string) => ({
  metadata: { name },
  conditions: [{ type: "Healthy", status: healthy, message }],
});

test("each part is told of as it is now", async () => {
  const head = { kind: "ComponentStatus", apiVersion: "v1" };
  const { told } = await ask(PATH);
  assert.deepEqual(told, {
    kind: "ComponentStatusList",
    apiVersion: "v1",
    metadata: {},
    items: [
      status("controller-manager", "True", "ok"),
      status("scheduler", "False", "it sleeps"),
      status("etcd-0", "True", "ok"),
    ],
  });
  server.server.context.components.set("scheduler", () => undefined);
  assert.deepEqual((await ask(`${PATH}/scheduler`)).told, { ...head, ...status("scheduler", "True", "ok") });
});

test("selectors choose among them; a part that there is not is not found", async () => {
  const { told } = await ask(`${PATH}?fieldSelector=metadata.name%3Detcd-0`);
  assert.deepEqual(told.items, [status("etcd-0", "True", "ok")]);
  assert.deepEqual((await ask(`${PATH}?labelSelector=a%3Db`)).told.items, []);
  assert.equal((await ask(`${PATH}/etcd-9`)).status, 404);
});

test("they can be read as a table, and not be written or watched", async () => {
  const { told } = await ask(PATH, "GET", "application/json;as=Table;v=v1;g=meta.k8s.io");
  assert.deepEqual(told.rows[0].cells, ["controller-manager", "Healthy", "ok", ""]);
  assert.equal((await ask(PATH, "POST")).status, 405);
  assert.equal((await ask(`${PATH}/scheduler`, "DELETE")).status, 405);
  assert.equal((await ask(`${PATH}?watch=1`)).status, 405);
});

test("a part that runs alone is asked on its port", async () => {
  const key = createKey();
  const { certificate } = createAuthority({ commonName: "part", key, ...validFor(Date.now(), 1) });
  let code = 200;
  const part = https.createServer({ key: keyToPem(key), cert: certificateToPem(certificate) }, (request, answer) => {
    answer.writeHead(request.url === "/healthz" ? code : 404).end("ok");
  });
  await once(part.listen(0, "127.0.0.1"), "listening");
  const { port } = part.address() as AddressInfo;
  assert.equal(await probeComponent(port), undefined);
  code = 500;
  assert.equal(await probeComponent(port), "HTTP probe failed with statuscode: 500");
  part.close();
  await once(part, "close");
  assert.match((await probeComponent(port)) ?? "", /^Get "https:\/\/127\.0\.0\.1:\d+\/healthz": .*ECONNREFUSED/);
});
