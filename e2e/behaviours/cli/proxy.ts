/** kubectl's proxy: a server of its own that passes requests on with the user's credentials. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import http from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { realProgram } from "../../real-programs.ts";
import { behaviour } from "../behaviour.ts";
import type { BehaviourContext } from "../context.ts";

function startProxy(t: BehaviourContext, ...args: string[]): ChildProcess {
  const program = realProgram("v35", "kubectl");
  const child = spawn(program, ["--kubeconfig", t.cluster.kubeconfig, "proxy", ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  t.cleanup(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill("SIGKILL");
    await once(child, "exit");
  });
  return child;
}

async function firstLine(child: ChildProcess): Promise<string> {
  const [chunk] = (await once(child.stdout as NodeJS.ReadableStream, "data")) as [Buffer];
  return chunk.toString();
}

async function versionsAt(options: http.RequestOptions): Promise<readonly string[]> {
  const text = await new Promise<string>((resolve, reject) => {
    http
      .get({ path: "/api/", ...options }, (answer) => {
        let body = "";
        answer.setEncoding("utf8").on("data", (part: string) => (body += part));
        answer.on("end", () => resolve(body));
      })
      .on("error", reject);
  });
  return (JSON.parse(text) as { versions: string[] }).versions;
}

behaviour(
  "[sig-cli] Kubectl client Proxy server should support proxy with --port 0 [Conformance]",
  { on: "api" },
  async (t) => {
    const port = /:(\d+)/.exec(await firstLine(startProxy(t, "--port=0", "--disable-filter=true")))?.[1];
    assert.ok((await versionsAt({ host: "127.0.0.1", port })).length > 0);
  },
);

behaviour(
  "[sig-cli] Kubectl client Proxy server should support --unix-socket=/path [Conformance]",
  { on: "api" },
  async (t) => {
    const folder = mkdtempSync(join(tmpdir(), "kubectl-proxy-"));
    t.cleanup(() => rmSync(folder, { recursive: true, force: true }));
    const socketPath = join(folder, "socket");
    await firstLine(startProxy(t, `--unix-socket=${socketPath}`));
    assert.ok((await versionsAt({ socketPath })).length > 0);
  },
);
