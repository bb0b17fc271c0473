/** What the kubelet's API answers, whatever runs below it: run it over the simulated runtime, and over a real one. */
import assert from "node:assert/strict";
import { request } from "node:https";
import { after, before, describe, it } from "node:test";
import { openSpdy, type StreamSession } from "@kubets/wire/spdy";
import { testPki } from "@kubets/wire/testing/certificates";
import { COMMAND_CHANNELS, channelSession, openWebSocket } from "@kubets/wire/websocket";
import type { Kubelet } from "../kubelet.ts";
import { serveKubelet } from "./server.ts";

/** What the container `c` of the pod `web` has to do: it says "one", and "two" as an error, and runs on. */
export interface ServerSuiteTarget {
  readonly kubelet: Kubelet;
  /** Whether the runtime can write a container into an archive. */
  readonly checkpoints: boolean;
  close(): Promise<void>;
}

export interface Answer {
  readonly status: number;
  readonly body: string;
}

/** Asks a kubelet's API; its certificate is nobody's business here. */
export const ask = (port: number, path: string, method = "GET"): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const options = { host: "127.0.0.1", port, path, method, rejectUnauthorized: false, agent: false };
    const sent = request(options, (response) => {
      let body = "";
      response.on("data", (chunk: Buffer) => (body += chunk));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body }));
    });
    sent.on("error", reject);
    sent.end();
  });

export const serveForTest = (kubelet: Kubelet) =>
  serveKubelet({ kubelet, tls: testPki().server, host: "127.0.0.1", port: 0 });

export const readAll = async (stream: NodeJS.ReadableStream): Promise<string> => {
  let text = "";
  for await (const chunk of stream) text += chunk;
  return text;
};

/** The command of the container, in the words of a shell. */
export const SCRIPT_OF_EXEC = "echo out; echo no >&2; exit 3";

export function serverSuite(name: string, open: () => Promise<ServerSuiteTarget>): void {
  describe(`the kubelet's API: ${name}`, () => {
    let target: ServerSuiteTarget;
    let listener: Awaited<ReturnType<typeof serveForTest>>;
    before(async () => {
      target = await open();
      listener = await serveForTest(target.kubelet);
    });
    after(async () => {
      await listener?.close(0);
      await target?.close();
    });
    const get = (path: string, method?: string) => ask(listener.port, path, method);
    const command = ["sh", "-c", SCRIPT_OF_EXEC].map((word) => `command=${encodeURIComponent(word)}`).join("&");

    it("gives logs by every option", async () => {
      const { status, body } = await get("/containerLogs/default/web/c");
      assert.equal(status, 200);
      assert.deepEqual(body.split("\n").sort(), ["", "one", "two"]);
      assert.equal((await get("/containerLogs/default/web/c?tailLines=1")).body.split("\n").length, 2);
      assert.match(
        (await get("/containerLogs/default/web/c?timestamps=true")).body,
        /^\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:\d\d) (one|two)\n/,
      );
      assert.equal((await get("/containerLogs/default/web/c?limitBytes=2")).body.length, 2);
      assert.equal((await get("/containerLogs/default/web/c?stream=Stderr")).body, "two\n");
      assert.equal((await get("/containerLogs/default/web/none")).status, 404);
      assert.deepEqual(await get("/containerLogs/default/web/c?previous=true"), {
        status: 400,
        body: 'previous terminated container "c" in pod "web" not found\n',
      });
    });

    it("tells its pods, statistics, configuration and health", async () => {
      const names = async (path: string) =>
        (JSON.parse((await get(path)).body) as { items: { metadata: { name: string } }[] }).items.map(
          ({ metadata }) => metadata.name,
        );
      assert.deepEqual(await names("/pods"), ["web"]);
      assert.deepEqual(await names("/runningpods/"), ["web"]);
      const stats = JSON.parse((await get("/stats/summary")).body) as { pods: { podRef: { name: string } }[] };
      assert.equal(stats.pods[0]?.podRef.name, "web");
      const { kubeletconfig } = JSON.parse((await get("/configz")).body) as { kubeletconfig: { maxPods: number } };
      assert.equal(kubeletconfig.maxPods, 110);
      assert.deepEqual(await get("/healthz"), { status: 200, body: "ok" });
      for (const page of ["", "/resource", "/cadvisor", "/probes"])
        assert.equal((await get(`/metrics${page}`)).status, 200);
      assert.match((await get("/statusz")).body, /^\nkubelet statusz\n.*\n\nStarted: /);
      assert.match((await get("/flagz")).body, /^\nkubelet flagz\n/);
      assert.equal((await get("/nothing")).status, 404);
    });

    it("runs a command and gives what it wrote", async () => {
      assert.deepEqual(await get("/run/default/web/c?cmd=echo%20hello", "POST"), { status: 200, body: "hello\n" });
      const { status, body } = await get("/run/default/web/c?cmd=false", "POST");
      assert.deepEqual([status, body], [500, "command 'false' exited with 1: \n"]);
      assert.equal((await get("/run/default/none/c?cmd=true", "POST")).status, 404);
    });

    it("writes a container into an archive, where the runtime can", async () => {
      const { status, body } = await get("/checkpoint/default/web/c", "POST");
      if (target.checkpoints) {
        const [path = ""] = (JSON.parse(body) as { items: string[] }).items;
        assert.match(path, /\/checkpoints\/checkpoint-web_default-c-[^/]+\.tar$/);
        assert.ok(await target.kubelet.tools.disk.stat(path));
      } else assert.match(`${status} ${body}`, /^500 checkpointing of default\/web\/c failed \(/);
      assert.equal((await get("/checkpoint/default/web/none", "POST")).status, 404);
      assert.equal((await get("/checkpoint/default/web/c")).status, 405);
    });

    it("streams a command over SPDY and over a WebSocket of version 5, with its exit code", async () => {
      const path = `127.0.0.1:${listener.port}/exec/default/web/c?${command}&output=1&error=1`;
      const spdy = await openSpdy({
        url: `https://${path}`,
        protocols: ["v4.channel.k8s.io"],
        insecureSkipVerify: true,
      });
      const protocol = "v5.channel.k8s.io";
      const socket = await openWebSocket({ url: `wss://${path}`, protocols: [protocol], insecureSkipVerify: true });
      const channels = channelSession(socket, { side: "client", protocol, channels: COMMAND_CHANNELS });
      for (const session of [spdy, channels] as StreamSession[]) {
        const [error, stdout, stderr] = (["error", "stdout", "stderr"] as const).map((streamtype) =>
          readAll(session.open({ streamtype })),
        );
        assert.deepEqual([await stdout, await stderr], ["out\n", "no\n"]);
        assert.match((await error) ?? "", /"reason":"ExitCode","message":"3"/);
        session.destroy();
      }
    });
  });
}
