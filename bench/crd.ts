/**
 * Definitions of custom resources: how long until one is served, what a thousand cost in memory, and what they do to everything else. `node bench/crd.ts [count]`;
 * each definition has a schema of forty fields with texts, about 6 KB. Memory includes the definitions' own objects in each of their
 * three revisions; that of the process is told without what V8 keeps for new objects, which is the same whatever stays.
 */
import { once } from "node:events";
import https from "node:https";
import { startServer } from "./server-process.ts";

const COUNT = Number(process.argv[2] ?? 1000);
const GROUPS = 50;
const FIELDS = 40;
const AT_ONCE = 8;
const GETS = 2000;
const SETTLE_MS = 3000;
const POLL_MS = 10;

const server = await startServer([], ["--expose-gc", "--import", new URL("live-memory.ts", import.meta.url).href]);
const agent = new https.Agent({ keepAlive: true, maxSockets: AT_ONCE, rejectUnauthorized: false });

function ask(method: string, path: string, body?: object): Promise<number> {
  const headers = { authorization: `Bearer ${server.token}`, "content-type": "application/json" };
  return new Promise((resolve, reject) => {
    const request = https.request(`${server.url}${path}`, { method, agent, headers }, (answer) => {
      answer.resume().on("end", () => resolve(answer.statusCode ?? 0));
    });
    request.on("error", reject).end(body && JSON.stringify(body));
  });
}

const groupOf = (i: number) => `g${i % GROUPS}.bench.example`;

function definition(i: number) {
  const properties = Object.fromEntries(
    Array.from({ length: FIELDS }, (_, n) => [
      `field${n}`,
      {
        type: n % 3 ? "string" : "integer",
        description: `Field ${n} says how much of it there is to be, and of which kind; ${"x".repeat(40)}.`,
      },
    ]),
  );
  const openAPIV3Schema = { type: "object", properties: { spec: { type: "object", properties } } };
  return {
    metadata: { name: `things${i}.${groupOf(i)}` },
    spec: {
      group: groupOf(i),
      scope: "Namespaced",
      names: { plural: `things${i}`, kind: `Thing${i}` },
      versions: [
        { name: "v1", served: true, storage: true, schema: { openAPIV3Schema }, subresources: { status: {} } },
      ],
    },
  };
}

async function each(count: number, run: (i: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  const work = async () => {
    for (let i = next++; i < count; i = next++) await run(i);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}

const DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";

/** From the answer to the definition to the first list of its kind. */
async function timeToServe(i: number): Promise<number> {
  await ask("POST", DEFINITIONS, definition(i));
  const began = performance.now();
  while ((await ask("GET", `/apis/${groupOf(i)}/v1/things${i}`)) !== 200);
  return performance.now() - began;
}

/** From the first of so many definitions made at once to the first list of the last one's kind; each alone counts from its own answer. */
async function burst(from: number, count: number): Promise<{ all: number; most: number; cpu: number }> {
  const [began, cpu] = [performance.now(), server.cpu()];
  const waits: number[] = [];
  await each(count, async (i) => {
    await ask("POST", DEFINITIONS, definition(from + i));
    waits[i] = performance.now();
  });
  for (let i = 0; i < count; i++) {
    const path = `/apis/${groupOf(from + i)}/v1/things${from + i}`;
    while ((await ask("GET", path)) !== 200) await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    waits[i] = performance.now() - (waits[i] as number);
  }
  const all = performance.now() - began;
  return { all, most: Math.max(...waits), cpu: ((server.cpu() - cpu) * 1000) / count };
}

async function getsPerSecond(): Promise<{ ms: number; cpu: number }> {
  const [began, cpu] = [performance.now(), server.cpu()];
  await each(GETS, () => ask("GET", "/api/v1/namespaces/default"));
  return { ms: (performance.now() - began) / GETS, cpu: ((server.cpu() - cpu) * 1000) / GETS };
}

/** In megabytes: what is used, and what the process has. */
async function memory(): Promise<{ live: number; rss: number }> {
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
  server.child.send("live memory");
  const [{ live, young }] = (await once(server.child, "message")) as [{ live: number; young: number }];
  return { live, rss: server.rss() - young };
}
const row = (what: string, figure: string) => console.log(`${what.padEnd(58)} ${figure}`);

try {
  await getsPerSecond();
  const before = await getsPerSecond();
  const without = await memory();
  const times: number[] = [];
  for (let i = 0; i < 20; i++) times.push(await timeToServe(i));
  times.sort((a, b) => a - b);
  row("from definition to served, alone: p50, most", `${times[10]?.toFixed(1)} ms, ${times.at(-1)?.toFixed(1)} ms`);
  const { all, most, cpu } = await burst(times.length, COUNT - times.length);
  row(
    `${COUNT - times.length} at once: all served after; of one from its answer on, most; CPU each`,
    `${(all / 1000).toFixed(1)} s; ${most.toFixed(0)} ms; ${cpu.toFixed(1)} ms`,
  );
  const last = await timeToServe(COUNT);
  row(`from definition to served, beside ${COUNT} others`, `${last.toFixed(1)} ms`);
  const kept = await memory();
  const share = (of: "live" | "rss") => `${((kept[of] - without[of]) / (COUNT + 1)).toFixed(3)} MB`;
  row(`memory of ${COUNT + 1} definitions, each: used; of the process`, `${share("live")}; ${share("rss")}`);
  const after = await getsPerSecond();
  row("CPU of a get, without and with them", `${before.cpu.toFixed(3)} ms, ${after.cpu.toFixed(3)} ms`);
  const began = performance.now();
  await ask("GET", "/apis");
  row("discovery of all groups", `${(performance.now() - began).toFixed(1)} ms`);
} finally {
  agent.destroy();
  await server.stop();
}
