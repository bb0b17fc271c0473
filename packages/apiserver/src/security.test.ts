/** What an attacker tries at the door, over a socket: paths, headers, bodies. Each is refused, and the server goes on. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { it } from "node:test";
import { connect, type TLSSocket } from "node:tls";
import { startSocketServer } from "./testing/socket-server.ts";

async function withServer(run: (ask: (text: string) => Promise<string>) => Promise<void>): Promise<void> {
  const { port, close } = await startSocketServer();
  /** Sends the bytes as they are, and gives all that comes back until the connection ends. */
  const ask = async (text: string) => {
    const socket: TLSSocket = connect({ host: "127.0.0.1", port, rejectUnauthorized: false });
    await once(socket, "secureConnect");
    const parts: Buffer[] = [];
    socket.on("data", (part: Buffer) => parts.push(part));
    socket.on("error", () => {});
    socket.write(text);
    await new Promise((resolve) => socket.once("close", resolve));
    return Buffer.concat(parts).toString();
  };
  try {
    await run(ask);
  } finally {
    await close();
  }
}

const request = (line: string, ...headers: string[]) =>
  `${[`${line} HTTP/1.1`, "Host: a", "Connection: close", ...headers].join("\r\n")}\r\n\r\n`;
const SECRETS = "/api/v1/namespaces/kube-system/secrets";

it("no other way of writing a path leads where the plain one is refused", () =>
  withServer(async (ask) => {
    for (const path of [
      SECRETS,
      `/healthz/..${SECRETS}`,
      `/healthz/%2e%2e${SECRETS}`,
      `/${SECRETS}`,
      `${SECRETS}/`,
      `${SECRETS}?watch=1`,
      `/api/v1/watch/namespaces/kube-system/secrets`,
      `/api/v1/namespaces/kube-system%2Fsecrets`,
      `/api/v1/namespaces/default/../kube-system/secrets`,
      `${SECRETS}%00`,
      `http://a${SECRETS}`,
    ]) {
      const answer = await ask(request(`GET ${path}`, "Authorization: Bearer jane"));
      assert.match(answer, /^HTTP\/1.1 (403|404|400) /, path);
      assert.doesNotMatch(answer, /"items"/, path);
    }
  }));

it("headers that only a proxy or an administrator may send make nobody else of one", () =>
  withServer(async (ask) => {
    const who = (...headers: string[]) => ask(request("GET /api/v1/nodes", "Authorization: Bearer jane", ...headers));
    assert.match(await who("X-Remote-User: admin", "X-Remote-Group: system:masters"), /User \\"jane\\" cannot list/);
    assert.match(await who("Impersonate-User: admin"), /^HTTP\/1.1 403 .*cannot impersonate/s);
    assert.match(await who("impersonate-user: jane", "Impersonate-Group: system:masters"), /^HTTP\/1.1 403 /);
    assert.match(await who("Impersonate-Extra-Scopes: all"), /^HTTP\/1.1 400 .*without impersonating a user/s);
  }));

it("requests cannot be hidden in one another", () =>
  withServer(async (ask) => {
    const hidden = request(`GET ${SECRETS}`, "Authorization: Bearer jane");
    const both = request(
      "POST /api/v1/namespaces/default/configmaps",
      "Content-Length: 4",
      "Transfer-Encoding: chunked",
    );
    assert.match(await ask(`${both}0\r\n\r\n${hidden}`), /^HTTP\/1.1 400 /);
    assert.match(await ask(`GET /healthz HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n`), /^HTTP\/1.1 400 /);
    assert.match(await ask(request("GET /healthz", "Content-Length: 1", "Content-Length: 2")), /^HTTP\/1.1 400 /);
  }));

it("an id for the audit log that is no header's value is not sent back as one", () =>
  withServer(async (ask) => {
    const answer = await ask(request("GET /healthz", "Audit-ID: \xe9\x7f"));
    assert.match(answer, /^HTTP\/1.1 (200|400) /);
    assert.match(await ask(request("GET /healthz")), /audit-id: [0-9a-f-]{36}/i);
  }));

it("bodies that are too large, too deep or no text are refused, and the next request is answered", () =>
  withServer(async (ask) => {
    const post = (body: string, type = "application/json") =>
      ask(
        request(
          "POST /apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
          "Authorization: Bearer jane",
          `Content-Type: ${type}`,
          `Content-Length: ${Buffer.byteLength(body)}`,
        ) + body,
      );
    assert.match(await post(`{"spec":${"[".repeat(100_000)}`), /^HTTP\/1.1 4\d\d /);
    assert.match(await post("\u0000\u0001"), /^HTTP\/1.1 400 /);
    const tenfold = Array.from(
      { length: 12 },
      (_, i) =>
        `a${i}: &a${i} [${Array(10)
          .fill(i ? `*a${i - 1}` : "x")
          .join()}]`,
    );
    assert.match(await post(tenfold.join("\n"), "application/yaml"), /^HTTP\/1.1 4\d\d /);
    assert.match(await post('{"__proto__":{"x":1},"spec":{}}'), /^HTTP\/1.1 4\d\d /);
    assert.match(
      await ask(
        request(
          "POST /apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
          "Authorization: Bearer jane",
          "Content-Type: application/json",
          "Content-Length: 99999999",
        ),
      ),
      /^HTTP\/1.1 413 /,
    );
    assert.match(await ask(request("GET /healthz")), /^HTTP\/1.1 200 /);
  }));

it("tokens that are wrong are refused alike, however much of them is right", () =>
  withServer(async (ask) => {
    const body = async (token: string) =>
      (await ask(request("GET /version", `Authorization: Bearer ${token}`))).split("\r\n\r\n")[1];
    const wrong = await body("jan");
    assert.match(wrong ?? "", /Unauthorized/);
    for (const token of ["j", "janee", "x.y.z", "a".repeat(10_000)]) assert.equal(await body(token), wrong);
  }));
