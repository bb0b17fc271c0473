/**
 * The API server under load: the rows of the design's table, with rate, latencies and CPU of the server for each operation. The work is that of the
 * yardstick that other servers are measured with: pods with eight variables, 32 clients over HTTP/1.1. Targets of CPU are scaled to this machine.
 */
import https from "node:https";
import { setTimeout as sleep } from "node:timers/promises";
import { slowness } from "./bare-server.ts";
import { startServer } from "./server-process.ts";

const N = Number(process.env["N"] ?? 2000);
const CLIENTS = 32;
const WATCHERS = 100;
const UPDATES = 300;
const NS = "/api/v1/namespaces/load";

const scale = await slowness(CLIENTS);
const server = await startServer();
const { hostname, port } = new URL(server.url);
const agent = new https.Agent({ keepAlive: true, maxSockets: CLIENTS, rejectUnauthorized: false });
const headers = { accept: "application/json", authorization: `Bearer ${server.token}` };

interface Answer {
  status: number;
  bytes: number;
}

function call(method: string, path: string, body?: unknown, type = "application/json"): Promise<Answer> {
  const data = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
  const own = data ? { "content-type": type, "content-length": data.length } : {};
  return new Promise((resolve, reject) => {
    const request = https.request(
      { hostname, port, method, path, agent, headers: { ...headers, ...own } },
      (response) => {
        let bytes = 0;
        response.on("data", (chunk: Buffer) => (bytes += chunk.length));
        response.on("end", () => resolve({ status: response.statusCode ?? 0, bytes }));
        response.on("error", reject);
      },
    );
    request.on("error", reject);
    request.end(data);
  });
}

const patch = (path: string, body: unknown, type: string) =>
  call("PATCH", path, body, `application/${type}-patch+json`);

function applyConfigMap(i: number): Promise<Answer> {
  const body = {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: `c${i}` },
    data: { a: "1", b: "x".repeat(500) },
  };
  return call("PATCH", `${NS}/configmaps/c${i}?fieldManager=load&force=true`, body, "application/apply-patch+yaml");
}

const status = { status: { phase: "Running", conditions: [{ type: "Ready", status: "True" }], podIP: "10.1.2.3" } };

function pod(i: number) {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name: `p${i}`,
      labels: { app: "load", shard: `s${i % 10}` },
      annotations: { "example.com/note": "x".repeat(200) },
    },
    spec: {
      schedulerName: "nobody",
      containers: [
        {
          name: "main",
          image: "registry.example/app:v1",
          command: ["sleep", "3600"],
          env: Array.from({ length: 8 }, (_, k) => ({ name: `VAR_${k}`, value: `value-${k}` })),
          resources: { requests: { cpu: "100m", memory: "64Mi" }, limits: { memory: "128Mi" } },
          ports: [{ containerPort: 8080, name: "http" }],
        },
      ],
    },
  };
}

async function phase(
  name: string,
  count: number,
  clients: number,
  one: (i: number) => Promise<Answer>,
  target: number,
): Promise<void> {
  const latencies: number[] = [];
  let next = 0;
  let bad = 0;
  const cpu = server.cpu();
  const began = performance.now();
  await Promise.all(
    Array.from({ length: clients }, async () => {
      for (let i = next++; i < count; i = next++) {
        const sent = performance.now();
        const { status: code } = await one(i);
        latencies.push(performance.now() - sent);
        if (code >= 300) bad++;
      }
    }),
  );
  const seconds = (performance.now() - began) / 1000;
  const cost = ((server.cpu() - cpu) * 1000) / count;
  row(name, {
    "per s": Math.round(count / seconds),
    ...quantiles(latencies),
    "cpu ms": round(cost, 3),
    "target cpu ms": round(target * scale, 3),
    "rss MB": Math.round(server.rss()),
    ...(bad && { bad }),
  });
}

async function idle(): Promise<void> {
  // The server gives back memory 3 s after its start, once.
  await sleep(5000);
  const cpu = server.cpu();
  await sleep(5000);
  row("idle", {
    "rss MB": Math.round(server.rss()),
    "target MB": 110,
    "cpu ms per s": round(((server.cpu() - cpu) * 1000) / 5, 1),
    "target ms": 8,
  });
}

/** Watchers of the same pods; each must see every one of the updates. */
async function watchFanOut(): Promise<void> {
  const watching = new https.Agent({ keepAlive: false, rejectUnauthorized: false });
  const latencies: number[] = [];
  let seen = 0;
  const open = () =>
    new Promise<void>((resolve, reject) => {
      const request = https.get(
        {
          hostname,
          port,
          path: `${NS}/pods?watch=1&sendInitialEvents=false&resourceVersionMatch=NotOlderThan`,
          headers,
          agent: watching,
        },
        (response) => {
          resolve();
          let rest = "";
          response.setEncoding("utf8").on("data", (text: string) => {
            const lines = (rest + text).split("\n");
            rest = lines.pop() ?? "";
            for (const line of lines) {
              const sent = /"fan":"([\d.]+)"/.exec(line)?.[1];
              if (!sent) continue;
              if (++seen % 50 === 0) latencies.push(performance.now() - Number(sent));
            }
          });
          response.on("error", () => {});
        },
      );
      request.on("error", reject);
    });
  const cpu = server.cpu();
  await Promise.all(Array.from({ length: WATCHERS }, open));
  let next = 0;
  await Promise.all(
    Array.from({ length: 8 }, async () => {
      for (let i = next++; i < UPDATES; i = next++)
        await patch(`${NS}/pods/p${i % N}`, { metadata: { labels: { fan: String(performance.now()) } } }, "merge");
    }),
  );
  for (let i = 0; i < 1000 && seen < WATCHERS * UPDATES; i++) await sleep(10);
  const cost = ((server.cpu() - cpu) * 1e6) / (seen || 1);
  row("watch, 100 watchers", {
    delivered: seen,
    lost: WATCHERS * UPDATES - seen,
    ...quantiles(latencies),
    "cpu us per delivery": round(cost, 1),
    "target us": round((76 / 6) * scale, 1),
  });
  watching.destroy();
}

function quantiles(latencies: number[]) {
  const sorted = latencies.toSorted((a, b) => a - b);
  const at = (q: number) => round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? 0, 2);
  return { p50: at(0.5), p99: at(0.99) };
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}

function row(name: string, figures: Record<string, number>): void {
  const cells = Object.entries(figures).map(([key, value]) => `${key} ${value}`);
  console.log(`${name.padEnd(22)} ${cells.join("   ")}`);
}

try {
  row("a bare GET", { "times the CPU of the targets' machine": round(scale, 2) });
  row("start to ready", { ms: Math.round(server.startMs), "target ms": 400 });
  await idle();
  await call("POST", "/api/v1/namespaces", { metadata: { name: "load" } });
  await call("POST", `${NS}/serviceaccounts`, { metadata: { name: "default" } });
  await phase("create", N, CLIENTS, (i) => call("POST", `${NS}/pods`, pod(i)), 0.25);
  await phase("get", 2 * N, CLIENTS, (i) => call("GET", `${NS}/pods/p${i % N}`), 0.071);
  await phase("list all", 30, 2, () => call("GET", `${NS}/pods`), (100 / 12) * (N / 2000));
  await phase("list 500", 60, 4, () => call("GET", `${NS}/pods?limit=500`), 23.7 / 12);
  await phase(
    "merge patch",
    N,
    CLIENTS,
    (i) => patch(`${NS}/pods/p${i % N}`, { metadata: { labels: { touched: `t${i}` } } }, "merge"),
    2.9 / 8,
  );
  await phase(
    "status patch",
    N,
    CLIENTS,
    (i) => patch(`${NS}/pods/p${i % N}/status`, status, "strategic-merge"),
    3.3 / 8,
  );
  await phase("apply", Math.min(N, 1000), CLIENTS, (i) => applyConfigMap(i), 1.6 / 5);
  await watchFanOut();
  await phase("delete", N, CLIENTS, (i) => call("DELETE", `${NS}/pods/p${i}?gracePeriodSeconds=0`), 2.7 / 8);
} finally {
  agent.destroy();
  await server.stop();
}
