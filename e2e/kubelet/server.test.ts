/** The kubelet's own API over a real containerd: what every runtime gives, standard input over SPDY and WebSocket, port-forward. Needs root. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { pod } from "@kubets/api/testing/pod-builder";
import { readAll as read, serveForTest, serverSuite } from "@kubets/kubelet/server/server.suite";
import type { Listener } from "@kubets/wire/http";
import { openSpdy, type StreamSession } from "@kubets/wire/spdy";
import { COMMAND_CHANNELS, channelSession, openWebSocket } from "@kubets/wire/websocket";
import { eventually } from "../cluster.ts";
import { DEMO_IMAGE, whyNot } from "./containerd.ts";
import { NODE, startNode, type TestNode } from "./node.ts";

/** A node on which a pod serves a page. */
async function nodeWithPod(): Promise<TestNode> {
  const node = await startNode({ anonymousAuth: true, authorizationMode: "AlwaysAllow" });
  const script =
    "echo one; echo two >&2; echo hello > /www/x; httpd -p 8080 -h /www; trap 'exit 0' TERM; while true; do sleep 0.1; done";
  await node.api.createPod(
    pod("web")
      .on(NODE)
      .uid(crypto.randomUUID())
      .container("c", { image: DEMO_IMAGE, imagePullPolicy: "IfNotPresent", command: ["sh", "-c", script] })
      .spec({ terminationGracePeriodSeconds: 1 })
      .build(),
  );
  await eventually("the pod is ready", async () => {
    const { conditions = [] } = (await node.api.pod("web"))?.status ?? {};
    return conditions.some(({ type, status }) => type === "Ready" && status === "True");
  });
  return node;
}

if (!whyNot())
  serverSuite("containerd", async () => {
    const node = await nodeWithPod();
    return { kubelet: node.kubelet, checkpoints: false, close: () => node.close() };
  });

describe("streams on containerd", { skip: whyNot() ?? false }, () => {
  let node: TestNode;
  let listener: Listener;
  before(async () => {
    node = await nodeWithPod();
    listener = await serveForTest(node.kubelet);
  });
  after(async () => {
    await listener?.close(0);
    await node?.close();
  });

  const command = (...words: string[]) => words.map((word) => `command=${encodeURIComponent(word)}`).join("&");

  it("runs a command over SPDY, with standard input to its end", async () => {
    const session: StreamSession = await openSpdy({
      url: `https://127.0.0.1:${listener.port}/exec/default/web/c?${command("cat")}&input=1&output=1&error=1`,
      protocols: ["v4.channel.k8s.io"],
      insecureSkipVerify: true,
    });
    const error = session.open({ streamtype: "error" });
    const stdin = session.open({ streamtype: "stdin" });
    const stdout = session.open({ streamtype: "stdout" });
    session.open({ streamtype: "stderr" });
    stdin.end("to and fro");
    assert.equal(await read(stdout), "to and fro");
    assert.match(await read(error), /"status":"Success"/);
    session.destroy();
  });

  it("runs a command over a WebSocket of version 5", async () => {
    const url = `wss://127.0.0.1:${listener.port}/exec/default/web/c?${command("sh", "-c", "cat; echo no >&2; exit 3")}&input=1&output=1&error=1`;
    const socket = await openWebSocket({ url, protocols: ["v5.channel.k8s.io"], insecureSkipVerify: true });
    const session = channelSession(socket, {
      side: "client",
      protocol: "v5.channel.k8s.io",
      channels: COMMAND_CHANNELS,
    });
    const streams = ["stdin", "stdout", "stderr", "error"].map((streamtype) =>
      session.open({ streamtype: streamtype as "stdin" }),
    );
    const [stdin, stdout, stderr, error] = streams as [
      (typeof streams)[0],
      (typeof streams)[0],
      (typeof streams)[0],
      (typeof streams)[0],
    ];
    stdin.end("in");
    assert.deepEqual(await Promise.all([read(stdout), read(stderr)]), ["in", "no\n"]);
    assert.match(await read(error), /"reason":"ExitCode","message":"3"/);
    session.destroy();
  });

  it("forwards a port", async () => {
    const session = await openSpdy({
      url: `https://127.0.0.1:${listener.port}/portForward/default/web`,
      protocols: ["portforward.k8s.io"],
      insecureSkipVerify: true,
    });
    session.open({ streamtype: "error", port: "8080", requestid: "0" }).end();
    const data = session.open({ streamtype: "data", port: "8080", requestid: "0" });
    data.write("GET /x HTTP/1.0\r\n\r\n");
    assert.match(await read(data), /hello/);
    session.destroy();
  });
});
