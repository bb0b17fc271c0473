/** For the build: a server of the bundle is asked for what clients ask most, so that the code of all that takes is there when it ends (keep-code.ts keeps it). */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import https from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

const TOKEN = "build";
const TIMES = 100;
const AT_ONCE = 8;
const NAMESPACE = "/api/v1/namespaces/default";

export async function exerciseBundle(dist: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "kubets-build-"));
  writeFileSync(join(folder, "tokens.csv"), `${TOKEN},${TOKEN},1,"system:masters"\n`);
  const flags = {
    "--data-dir": join(folder, "data"),
    "--token-auth-file": join(folder, "tokens.csv"),
    "--authorization-mode": "RBAC",
    "--bind-address": "127.0.0.1",
    "--secure-port": "0",
  };
  const options = ["--no-warnings", "--expose-internals", "--import", join(import.meta.dirname, "keep-code.ts")];
  const server = spawn(
    process.execPath,
    [...options, join(dist, "main.js"), "apiserver", ...Object.entries(flags).flat()],
    { stdio: ["ignore", "ignore", "pipe"] },
  );
  const ended = once(server, "exit");
  try {
    await ask(await portOf(server.stderr));
  } finally {
    server.kill();
    await ended;
    rmSync(folder, { recursive: true, force: true });
  }
}

/** That of the line that says `ready`. */
async function portOf(log: NodeJS.ReadableStream): Promise<string> {
  const said: string[] = [];
  for await (const line of createInterface(log)) {
    said.push(line);
    const port = / ready .*port=(\d+)/.exec(line)?.[1];
    if (port) return port;
  }
  throw new Error(`the server of the bundle did not start:\n${said.join("\n")}`);
}

async function ask(port: string): Promise<void> {
  const agent = new https.Agent({ keepAlive: true, maxSockets: AT_ONCE, rejectUnauthorized: false });
  const call = (method: string, path: string, body?: unknown, type = "application/json") =>
    new Promise<void>((resolve, reject) => {
      const headers = { authorization: `Bearer ${TOKEN}`, accept: "application/json", "content-type": type };
      https
        .request({ host: "127.0.0.1", port, agent, method, path, headers }, (answer) => {
          answer.resume().on("end", () => {
            if ((answer.statusCode ?? 0) < 300) resolve();
            else reject(new Error(`${method} ${path}: ${answer.statusCode}`));
          });
        })
        .on("error", reject)
        .end(body === undefined ? undefined : JSON.stringify(body));
    });
  const times = async (one: (i: number) => Promise<void>) => {
    let next = 0;
    const go = async () => {
      while (next < TIMES) await one(next++);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, go));
  };
  const patch = (path: string, kind: string, body: unknown) => call("PATCH", path, body, `application/${kind}`);
  const pod = (i: number) => `${NAMESPACE}/pods/p${i}`;
  const isReady = { status: { conditions: [{ type: "Ready", status: "True" }] } };
  try {
    await call("POST", `${NAMESPACE}/serviceaccounts`, { metadata: { name: "default" } });
    await times((i) => call("POST", `${NAMESPACE}/pods`, podBody(`p${i}`)));
    await times((i) => call("GET", pod(i)));
    await call("GET", `${NAMESPACE}/pods?limit=50&labelSelector=app%3Dweb`);
    await call("GET", "/apis");
    await times((i) => patch(pod(i), "merge-patch+json", { metadata: { labels: { touched: `t${i}` } } }));
    await times((i) => patch(`${pod(i)}/status`, "strategic-merge-patch+json", isReady));
    await times((i) => {
      const body = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: `c${i}` }, data: { a: "1" } };
      return patch(`${NAMESPACE}/configmaps/c${i}?fieldManager=build&force=true`, "apply-patch+yaml", body);
    });
    await times((i) => call("DELETE", `${pod(i)}?gracePeriodSeconds=0`));
  } finally {
    agent.destroy();
  }
}

const podBody = (name: string) => ({
  metadata: { name, labels: { app: "web" }, annotations: { "example.com/note": "a note" } },
  spec: {
    containers: [
      {
        name: "main",
        image: "registry.example/app:v1",
        env: [{ name: "MODE", value: "quick" }],
        resources: { requests: { cpu: "100m", memory: "64Mi" }, limits: { memory: "128Mi" } },
        ports: [{ containerPort: 8080, name: "http" }],
      },
    ],
  },
});
