/**
 * The scheduling rate end to end: an API server on durable storage, 5,000 nodes, a backlog of pods, and the time from the start of the
 * scheduler until a watch over HTTPS has seen all pods bound. The scheduler runs in the server's process, as in `kubets server`, or as a
 * process of its own (`--apart`).
 *
 *   node bench/scheduler-api.ts [--nodes 5000] [--pods 10000] [--apart]
 */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { nodes, pods, serviceaccounts } from "@kubets/api/generated/refs";
import type { Pod } from "@kubets/api/generated/types/core-v1";
import { createClient, SharedInformers } from "@kubets/client";
import { realClock, realRandom, silentLogger } from "@kubets/machinery";
import { bool, defineFlags, int, parseFlags } from "@kubets/machinery/flags";
import { HttpTransport } from "@kubets/wire/transport";
import type { Told } from "./scheduler-process.ts";

const flags = defineFlags({
  nodes: int({ help: "How many nodes.", default: 5000 }),
  pods: int({ help: "How many pods.", default: 10_000 }),
  apart: bool({ help: "The scheduler in a process of its own, over HTTPS." }),
});
const { values } = parseFlags(flags, process.argv.slice(2));
const WRITERS = 32;
const PROGRAM = join(import.meta.dirname, "scheduler-process.ts");
const folder = mkdtempSync(join(tmpdir(), "kubets-bench-"));
const children: ChildProcess[] = [];

function start(...args: string[]): ChildProcess {
  const child = fork(PROGRAM, args, { execArgv: [...process.execArgv] });
  children.push(child);
  return child;
}

const said = async (child: ChildProcess): Promise<Told> => (await once(child, "message"))[0] as Told;

async function cpuOf(all: readonly ChildProcess[]): Promise<number[]> {
  return Promise.all(
    all.map(async (child) => {
      const answer = said(child);
      child.send("cpu");
      return (await answer).cpuMs ?? 0;
    }),
  );
}

/** Makes `count` objects with so many writers at once. */
async function inParallel(count: number, make: (i: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  await Promise.all(
    Array.from({ length: WRITERS }, async () => {
      while (next < count) await make(next++);
    }),
  );
}

try {
  const server = start("server", folder);
  const { port = 0, ca = "", token = "" } = await said(server);
  const url = `https://127.0.0.1:${port}`;
  const http = new HttpTransport({ server: url, tls: { ca } });
  const authorization = `Bearer ${token}`;
  const client = createClient(
    { request: (request) => http.request({ ...request, headers: { ...request.headers, authorization } }), close() {} },
    { userAgent: "bench" },
  );
  await client.create(serviceaccounts, { metadata: { namespace: "default", name: "default" } });
  await inParallel(values.nodes, async (i) => {
    const name = `node-${i}`;
    const amounts = { cpu: "32", memory: "128Gi", pods: "110" };
    const labels = { "kubernetes.io/hostname": name, "topology.kubernetes.io/zone": `zone-${i % 3}` };
    await client.create(nodes, { metadata: { name, labels }, status: { capacity: amounts, allocatable: amounts } });
    // What a controller takes away from a node that is ready.
    await client.patch(nodes, { name }, { type: "merge", body: { spec: { taints: null } } });
  });
  const requests = { cpu: "100m", memory: "500Mi" };
  const spec = { containers: [{ name: "c", image: "pause", resources: { requests } }] };
  await inParallel(values.pods, (i) =>
    client.create(pods, { metadata: { namespace: "default", name: `pod-${i}` }, spec }),
  );

  const bound = new Set<string>();
  const times: number[] = [];
  const all = Promise.withResolvers<void>();
  let began = 0;
  const see = ({ metadata: { name }, spec: { nodeName } }: Pod) => {
    if (!nodeName || bound.has(name)) return;
    bound.add(name);
    times.push(performance.now() - began);
    if (bound.size === values.pods) all.resolve();
  };
  const watching = new AbortController();
  const options = { client, clock: realClock, random: realRandom, log: silentLogger, signal: watching.signal };
  const informer = new SharedInformers(options).informer(pods);
  informer.subscribe({ added: see, changed: see });
  await informer.synced;
  const measured = values.apart ? [server, start("scheduler", url, token, ca)] : [server];
  if (values.apart) await said(measured[1] as ChildProcess);
  const before = await cpuOf(measured);
  began = performance.now();
  (measured.at(-1) as ChildProcess).send("schedule");
  await all.promise;
  const seconds = (performance.now() - began) / 1000;
  const spent = (await cpuOf(measured)).map((cpu, i) => cpu - (before[i] as number));
  const half = times.slice(times.length / 4, (times.length * 3) / 4);
  const steady = (half.length * 1000) / ((half.at(-1) as number) - (half[0] as number));
  console.log(
    `${values.apart ? "apart    " : "together "} ${values.nodes} nodes, ${values.pods} pods: ${Math.round(values.pods / seconds)} pods/s ` +
      `(first after ${Math.round(times[0] ?? 0)} ms, then ${Math.round(steady)}/s), CPU per pod ` +
      spent.map((ms) => `${((ms * 1000) / values.pods).toFixed(0)} us`).join(" + "),
  );
  watching.abort();
  await http.close();
} finally {
  for (const child of children.filter(({ exitCode }) => exitCode === null)) {
    child.send("stop");
    await once(child, "exit");
  }
  rmSync(folder, { recursive: true, force: true });
}
