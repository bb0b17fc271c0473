/** The kubelet's own API over a real containerd: logs, exec over SPDY and WebSocket, port-forward. Needs root. */
import assert from "node:assert/strict";
import { request } from "node:https";
import { after, before, describe, it } from "node:test";
import { pod } from "@kubets/api/testing/pod-builder";
import { kubeletDefaults, serveKubelet } from "@kubets/kubelet";
import type { Listener } from "@kubets/wire/http";
import { openSpdy, type StreamSession } from "@kubets/wire/spdy";
import { testPki } from "@kubets/wire/testing/certificates";
import { COMMAND_CHANNELS, channelSession, openWebSocket } from "@kubets/wire/websocket";
import { DEMO_IMAGE, whyNot } from "./containerd.ts";
import { NODE, startNode, type TestNode } from "./node.ts";

describe("the kubelet's API on containerd", { skip: whyNot() ?? false }, () => {
  let node: TestNode;
  let listener: Listener;
  before(async () => {
    node = await startNode({ ...kubeletDefaults, anonymousAuth: true, authorizationMode: "AlwaysAllow" });
    listener = await serveKubelet({ kubelet: node.kubelet, tls: testPki().server, host: "127.0.0.1", port: 0 });
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
    for (const end = Date.now() + 20_000; Date.now() < end; await new Promise((resolve) => setTimeout(resolve, 50))) {
      const ready = (await node.api.pod("web"))?.status.conditions?.find(({ type }) => type === "Ready")?.status;
      if (ready === "True") return;
    }
    throw new Error("the pod did not become ready");
  });
  after(async () => {
    await listener?.close(0);
    await node?.close();
  });

  const get = (path: string) =>
    new Promise<{ status: number; body: string }>((resolve, reject) => {
      const sent = request({ host: "127.0.0.1", port: listener.port, path, rejectUnauthorized: false }, (response) => {
        let body = "";
        response.on("data", (chunk: Buffer) => (body += chunk));
        response.on("end", () => resolve({ status: response.statusCode ?? 0, body }));
      });
      sent.on("error", reject);
      sent.end();
    });
  const read = async (stream: NodeJS.ReadableStream) => {
    let text = "";
    for await (const chunk of stream) text += chunk;
    return text;
  };

  it("gives logs", async () => {
    const { status, body } = await get("/containerLogs/default/web/c");
    assert.equal(status, 200);
    assert.deepEqual(body.split("\n").sort(), ["", "one", "two"]);
    assert.equal((await get("/containerLogs/default/web/c?tailLines=1")).body.split("\n").length, 2);
    assert.match(
      (await get("/containerLogs/default/web/c?timestamps=true")).body,
      /^\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:\d\d) (one|two)\n/,
    );
    assert.equal((await get("/containerLogs/default/web/c?limitBytes=2")).body.length, 2);
    assert.deepEqual(await get("/containerLogs/default/web/c?previous=true"), {
      status: 400,
      body: 'previous terminated container "c" in pod "web" not found\n',
    });
  });

  it("tells its pods, statistics and health", async () => {
    assert.equal((JSON.parse((await get("/pods")).body) as { items: unknown[] }).items.length, 1);
    const stats = JSON.parse((await get("/stats/summary")).body) as {
      pods: { podRef: { name: string }; containers: { memory: { workingSetBytes: number } }[] }[];
    };
    assert.equal(stats.pods[0]?.podRef.name, "web");
    assert.ok((stats.pods[0]?.containers[0]?.memory.workingSetBytes ?? 0) > 0);
    assert.deepEqual(await get("/healthz"), { status: 200, body: "ok" });
    assert.equal((await get("/nothing")).status, 404);
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
