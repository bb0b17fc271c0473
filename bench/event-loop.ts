/**
 * How long anything holds up the API server's event loop: each kind of heavy work alone, then all at once (bodies of 3 MB, lists, tables, policies,
 * 1,000 watchers), beside a stream of small requests. Target: 99 of 100 turns of the loop come at most 20 ms late under the mixed load.
 */
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import https from "node:https";
import { setTimeout as sleep } from "node:timers/promises";
import type { LoopDelays } from "./loop-delay.ts";
import { startServer } from "./server-process.ts";

const PODS = 2000;
const WATCHERS = 1000;
const SECONDS = Number(process.env["SECONDS"] ?? 4);
const NS = "/api/v1/namespaces/load";
const THINGS = "/apis/bench.example.com/v1/namespaces/load/things";
const PROTOBUF = "application/vnd.kubernetes.protobuf";
const TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io";

const server = await startServer([], ["--import", `${import.meta.dirname}/loop-delay.ts`]);
const { hostname, port } = new URL(server.url);
const agent = new https.Agent({ keepAlive: true, maxSockets: 64, rejectUnauthorized: false });
const watching = new https.Agent({ keepAlive: false, rejectUnauthorized: false });
const bad = new Map<number, number>();

async function call(
  method: string,
  path: string,
  body?: unknown,
  accept = "application/json",
  type = "application/json",
) {
  const data = body === undefined ? undefined : Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body));
  const headers = {
    accept,
    authorization: `Bearer ${server.token}`,
    ...(data && { "content-type": type, "content-length": data.length }),
  };
  const request = https.request({ hostname, port, method, path, agent, headers }).end(data);
  const [answer] = await once(request, "response");
  await once(answer.resume(), "end");
  if (answer.statusCode >= 500) bad.set(answer.statusCode, (bad.get(answer.statusCode) ?? 0) + 1);
  return answer.statusCode as number;
}

const pod = (name: string) => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name, labels: { app: "load" } },
  spec: { schedulerName: "nobody", containers: [{ name: "main", image: "registry.example/app:v1" }] },
});

const policy = (i: number) => ({
  apiVersion: "admissionregistration.k8s.io/v1",
  kind: "ValidatingAdmissionPolicy",
  metadata: { name: `p${i}` },
  spec: {
    matchConstraints: {
      resourceRules: [
        {
          apiGroups: ["", "bench.example.com"],
          apiVersions: ["v1"],
          operations: ["CREATE", "UPDATE"],
          resources: ["*"],
        },
      ],
    },
    validations: [
      { expression: `!has(object.metadata.labels) || object.metadata.labels.all(k, size(k) < ${100 + i})` },
      { expression: "!has(object.spec) || !has(object.spec.items) || object.spec.items.all(i, i.name != 'x')" },
    ],
  },
});
const binding = (i: number) => ({
  apiVersion: "admissionregistration.k8s.io/v1",
  kind: "ValidatingAdmissionPolicyBinding",
  metadata: { name: `p${i}` },
  spec: { policyName: `p${i}`, validationActions: ["Deny"] },
});

const definition = {
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: "things.bench.example.com" },
  spec: {
    group: "bench.example.com",
    scope: "Namespaced",
    names: { plural: "things", kind: "Thing" },
    versions: [
      {
        name: "v1",
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: {
            type: "object",
            properties: {
              spec: {
                type: "object",
                properties: {
                  items: {
                    type: "array",
                    maxItems: 100_000,
                    items: {
                      type: "object",
                      properties: {
                        name: { type: "string", maxLength: 40 },
                        size: { type: "integer" },
                        note: { type: "string" },
                      },
                    },
                  },
                },
              },
            },
          },
        },
      },
    ],
  },
};

const MB = 1 << 20;
/** Refused after it was read whole: a ConfigMap holds 1 MB. */
const tooLarge = Buffer.from(
  JSON.stringify({
    metadata: { name: "large" },
    data: Object.fromEntries(Array.from({ length: 2800 }, (_, i) => [`k${i}`, "x".repeat(1000)])),
  }),
);
const large = Buffer.from(JSON.stringify({ metadata: { generateName: "large-" }, data: { a: "y".repeat(0.9 * MB) } }));
const things = (bytes: number) =>
  Buffer.from(
    JSON.stringify({
      apiVersion: "bench.example.com/v1",
      kind: "Thing",
      metadata: { generateName: "thing-" },
      spec: {
        items: Array.from({ length: bytes / 60 }, (_, i) => ({ name: `item-${i}`, size: i, note: "a note about it" })),
      },
    }),
  );
const manyThings = things(1.4 * MB);
const tooManyThings = things(2.8 * MB);
const deep = Buffer.from(`{"metadata":{"name":"deep"},"data":${'{"a":'.repeat(9000)}1${"}".repeat(9000)}}`);

let serial = 0;
const LOADS: Record<string, { clients: number; one: () => Promise<unknown> }> = {
  "small writes and reads": {
    clients: 8,
    one: async () => {
      const name = `small-${serial++}`;
      await call("POST", `${NS}/pods`, pod(name));
      await call("GET", `${NS}/pods/${name}`);
      await call(
        "PATCH",
        `${NS}/pods/${name}`,
        { metadata: { labels: { b: "c" } } },
        undefined,
        "application/merge-patch+json",
      );
      await call("DELETE", `${NS}/pods/${name}?gracePeriodSeconds=0`);
    },
  },
  "ConfigMaps of 3 MB": { clients: 2, one: () => call("POST", `${NS}/configmaps`, tooLarge) },
  "ConfigMaps of 0.9 MB": { clients: 2, one: () => call("POST", `${NS}/configmaps?dryRun=All`, large) },
  "custom objects of 1.4 MB": { clients: 2, one: () => call("POST", `${THINGS}?dryRun=All`, manyThings) },
  "custom objects of 2.8 MB": { clients: 1, one: () => call("POST", `${THINGS}?dryRun=All`, tooManyThings) },
  "nesting of 9,000 levels": { clients: 2, one: () => call("POST", `${NS}/configmaps`, deep) },
  "lists of 2,000 pods": { clients: 2, one: () => call("GET", "/api/v1/pods") },
  "the same in protobuf": { clients: 2, one: () => call("GET", "/api/v1/pods", undefined, PROTOBUF) },
  "the same as tables": { clients: 2, one: () => call("GET", "/api/v1/pods", undefined, TABLE) },
  "the same in YAML": { clients: 1, one: () => call("GET", "/api/v1/pods", undefined, "application/yaml") },
  "OpenAPI after a definition changed": {
    clients: 1,
    one: async () => {
      const labels = { changed: `x${serial++}` };
      await call(
        "PATCH",
        "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/things.bench.example.com",
        { metadata: { labels } },
        undefined,
        "application/merge-patch+json",
      );
      await call("GET", "/openapi/v2");
      await call("GET", "/openapi/v3");
    },
  },
  "collections deleted": {
    clients: 1,
    one: async () => {
      const namespace = `ns-${serial++}`;
      await call("POST", "/api/v1/namespaces", { metadata: { name: namespace } });
      const path = `/api/v1/namespaces/${namespace}/configmaps`;
      await Promise.all(
        Array.from({ length: 200 }, (_, i) => call("POST", path, { metadata: { name: `c${i}` }, data: { a: "b" } })),
      );
      await call("DELETE", path);
    },
  },
};

async function load(names: readonly string[], seconds: number): Promise<number> {
  const end = performance.now() + seconds * 1000;
  let done = 0;
  const client = async (one: () => Promise<unknown>) => {
    while (performance.now() < end) {
      await one();
      done++;
    }
  };
  await Promise.all(
    names.flatMap((name) => {
      const { clients, one } = LOADS[name] as (typeof LOADS)[string];
      return Array.from({ length: clients }, () => client(one));
    }),
  );
  return done;
}

async function delays(child: ChildProcess): Promise<LoopDelays> {
  child.send("loop");
  const [told] = await once(child, "message");
  return told as LoopDelays;
}

async function measured(title: string, names: readonly string[], seconds: number, target?: number): Promise<void> {
  await delays(server.child);
  const done = await load(names, seconds);
  const { turns, delay, cpu } = await delays(server.child);
  const figures = `turns ${turns}   late by p50 ${delay.p50} p99 ${delay.p99} max ${delay.max} ms   of the thread's CPU p99 ${cpu.p99} max ${cpu.max} ms`;
  console.log(
    `${title.padEnd(36)} ${String(done).padStart(6)} done   ${figures}${target ? `   target p99 ${target} ms` : ""}`,
  );
}

/** Until all of them have been told of the pods that there are. */
async function openWatches(): Promise<void> {
  const open = async () => {
    const headers = { authorization: `Bearer ${server.token}` };
    const path = `${NS}/pods?watch=1&resourceVersion=0`;
    const request = https.get({ hostname, port, path, headers, agent: watching });
    const [answer] = await once(request, "response");
    await new Promise<void>((resolve) => {
      let lines = 0;
      answer.on("data", (chunk: Buffer) => {
        if (lines >= PODS) return;
        for (const byte of chunk) if (byte === 10) lines++;
        if (lines >= PODS) resolve();
      });
    });
  };
  for (let at = 0; at < WATCHERS; at += 50) await Promise.all(Array.from({ length: 50 }, open));
}

try {
  await call("POST", "/api/v1/namespaces", { metadata: { name: "load" } });
  await call("POST", `${NS}/serviceaccounts`, { metadata: { name: "default" } });
  await call("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", definition);
  for (let i = 0; i < 10; i++) {
    await call("POST", "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies", policy(i));
    await call("POST", "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings", binding(i));
  }
  for (let at = 0; at < PODS; at += 50)
    await Promise.all(Array.from({ length: 50 }, (_, i) => call("POST", `${NS}/pods`, pod(`p${at + i}`))));
  while ((await call("GET", THINGS)) !== 200) await sleep(50);
  const only = process.env["ONLY"];
  const chosen = Object.keys(LOADS).filter((name) => !only || name.includes(only));
  for (const name of chosen) await measured(name, [name], SECONDS);
  await openWatches();
  await measured("with 1,000 watchers: small", ["small writes and reads"], SECONDS);
  await measured("with 1,000 watchers: all of it", chosen, 3 * SECONDS, 20);
  if (bad.size) console.log("answers of 500 and more:", Object.fromEntries(bad));
} finally {
  agent.destroy();
  watching.destroy();
  await server.stop();
}
