/**
 * What a flood does to the others: one client lists as fast as it can over many connections, from a thread of its own, while another one asks for single
 * objects now and then. Told is the other's time alone and under the flood. `node bench/fairness.ts`
 */
import https from "node:https";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { startServer } from "./server-process.ts";

const OBJECTS = 500;
const FLOOD = 64;
const PROBES = 300;
const PAUSE_MS = 10;

interface Access {
  readonly url: string;
  readonly token: string;
}

function client({ url, token }: Access, user: string, sockets: number) {
  const agent = new https.Agent({ keepAlive: true, maxSockets: sockets, rejectUnauthorized: false });
  const as = user && { "impersonate-user": user, "impersonate-group": "bench" };
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json", ...as };
  return (method: string, path: string, body?: object) =>
    new Promise<number>((resolve, reject) => {
      const request = https.request(`${url}${path}`, { method, agent, headers }, (answer) => {
        answer.resume().on("end", () => resolve(answer.statusCode ?? 0));
      });
      request.on("error", reject).end(body && JSON.stringify(body));
    });
}

/** Asks until it is told to stop, then tells how often it was answered with what. */
async function flood(access: Access): Promise<void> {
  const ask = client(access, "flooding", FLOOD);
  const codes: Record<number, number> = {};
  let goesOn = true;
  parentPort?.once("message", () => (goesOn = false));
  const one = async () => {
    while (goesOn) {
      const code = await ask("GET", "/api/v1/namespaces/default/configmaps");
      codes[code] = (codes[code] ?? 0) + 1;
    }
  };
  await Promise.all(Array.from({ length: FLOOD }, one));
  parentPort?.postMessage(codes);
}

async function measure(): Promise<void> {
  const server = await startServer();
  const access = { url: server.url, token: server.token };
  const [admin, modest] = [client(access, "", 8), client(access, "modest", 1)];
  const group = "rbac.authorization.k8s.io";
  await admin("POST", `/apis/${group}/v1/clusterrolebindings`, {
    metadata: { name: "bench" },
    roleRef: { apiGroup: group, kind: "ClusterRole", name: "cluster-admin" },
    subjects: [{ kind: "Group", apiGroup: group, name: "bench" }],
  });
  const data = { text: "x".repeat(2000) };
  for (let i = 0; i < OBJECTS; i++)
    await admin("POST", "/api/v1/namespaces/default/configmaps", { metadata: { name: `c${i}` }, data });

  const probe = async () => {
    const took: number[] = [];
    for (let i = 0; i < PROBES; i++) {
      const began = performance.now();
      await modest("GET", `/api/v1/namespaces/default/configmaps/c${i % OBJECTS}`);
      took.push(performance.now() - began);
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
    took.sort((a, b) => a - b);
    return { p50: took[Math.floor(PROBES * 0.5)] as number, p99: took[Math.floor(PROBES * 0.99)] as number };
  };
  await probe();
  const quiet = await probe();
  const worker = new Worker(new URL(import.meta.url), { workerData: access });
  const loud = await probe();
  const codes = new Promise((resolve) => worker.once("message", resolve));
  worker.postMessage("stop");
  const shown = ({ p50, p99 }: { p50: number; p99: number }) => `p50 ${p50.toFixed(2)} ms, p99 ${p99.toFixed(2)} ms`;
  console.log(`alone:           ${shown(quiet)}`);
  console.log(`under the flood: ${shown(loud)} (${(loud.p99 / quiet.p99).toFixed(1)} times)`);
  console.log(`answers to the flood by status: ${JSON.stringify(await codes)}`);
  await worker.terminate();
  await server.stop();
}

if (isMainThread) await measure();
else await flood(workerData as Access);
