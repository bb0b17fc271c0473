import assert from "node:assert/strict";
import { once } from "node:events";
import { request } from "node:https";
import { test } from "node:test";
import { startSocketServer } from "../testing/socket-server.ts";
import { webSocketToken, withoutToken } from "./web-socket-token.ts";

const token = (text: string) => `base64url.bearer.authorization.k8s.io.${Buffer.from(text).toString("base64url")}`;
const tokenOf = (protocols: string, upgrade = "websocket") =>
  webSocketToken({
    header: (name) => ({ upgrade, "sec-websocket-protocol": protocols })[name],
  });

test("a token among the protocols of a WebSocket is read, if it stands alone beside others", () => {
  assert.equal(tokenOf(`v4.channel.k8s.io, ${token("jané")}`), "jané");
  assert.equal(tokenOf(`${token("jane")},v4.channel.k8s.io`, "WebSocket"), "jane");
  assert.equal(tokenOf(`${token("jane")}, a`, "SPDY/3.1"), undefined);
  assert.equal(tokenOf("v4.channel.k8s.io"), undefined);
  for (const wrong of [token("jane"), `${token("jane")}, ${token("joe")}, a`, `${token("")}, a`, `${token("j")}=, a`])
    assert.equal(tokenOf(wrong), "", wrong);
});

test("nobody behind the server is handed it on", () => {
  assert.equal(withoutToken(`a, ${token("jane")},b`), "a, b");
});

test("a server knows who comes by it", async () => {
  const { port, close } = await startSocketServer();
  const ask = async (protocols: string) => {
    const headers = {
      connection: "Upgrade",
      upgrade: "websocket",
      "sec-websocket-key": "AAAAAAAAAAAAAAAAAAAAAA==",
      "sec-websocket-version": "13",
      "sec-websocket-protocol": protocols,
    };
    const path = "/api/v1/nodes?watch=true";
    const [answer] = await once(request({ port, path, headers, rejectUnauthorized: false }).end(), "response");
    const body = JSON.parse(Buffer.concat(await answer.toArray()).toString()) as { message: string };
    return [answer.statusCode, body.message];
  };
  try {
    assert.match(String(await ask(`${token("jane")}, a`)), /^403,nodes is forbidden: User "jane" cannot watch/);
    assert.deepEqual(await ask(`${token("nobody")}, a`), [401, "Unauthorized"]);
    assert.deepEqual(await ask(token("jane")), [401, "Unauthorized"]);
  } finally {
    await close();
  }
});
