/**
 * What a flood does to the others: one client asks as fast as it can over many connections, while another one asks for single objects now and then. Told
 * is the other's time alone and under the flood, by the clock, and without what the server's loop waited for a processor, which is other programs' doing. `node bench/fairness.ts`
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import https from "node:https";
import { startServer } from "./server-process.ts";

const OBJECTS = 500;
const FLOOD = 64;
const ROUNDS = 5;
/** So many that what comes once in a hundred is more than a handful. */
const PROBES = 1000;
const PAUSE_MS = 10;
/** So many answers after its start. */
const UNDER_WAY = 5 * FLOOD;
const FLOODS = {
  "a flood of lists": "/api/v1/namespaces/default/configmaps",
  "a flood of single objects": "/api/v1/namespaces/default/configmaps/c0",
};

interface Access {
  readonly url: string;
  readonly token: string;
  readonly path: string;
}

function client({ url, token }: Omit<Access, "path">, sockets: number) {
  const agent = new https.Agent({ keepAlive: true, maxSockets: sockets, rejectUnauthorized: false });
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
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
  const ask = client(access, FLOOD);
  const codes: Record<number, number> = {};
  let goesOn = true;
  let answers = 0;
  process.once("message", () => (goesOn = false));
  // Whoever measures is gone.
  process.once("disconnect", () => process.exit());
  const one = async () => {
    while (goesOn) {
      const code = await ask("GET", access.path);
      codes[code] = (codes[code] ?? 0) + 1;
      if (++answers === UNDER_WAY) process.send?.("under way");
    }
  };
  await Promise.all(Array.from({ length: FLOOD }, one));
  process.send?.(codes);
  process.disconnect?.();
}

/**
 * A flood in a process of its own, as from another machine: it gets the CPU that nobody else wants, and gives it back at once (lower than any niceness, by
 * which it would keep a processor for milliseconds more). On a machine that others keep busy it comes to nothing. Ready when it is under way. Returns what ends it.
 */
async function startFlood(access: Access): Promise<() => Promise<Record<number, number>>> {
  const child = fork(new URL(import.meta.url), [JSON.stringify(access)], {
    execPath: "chrt",
    execArgv: ["--idle", "0", process.execPath],
  });
  await once(child, "message");
  return async () => {
    const [told, ended] = [once(child, "message"), once(child, "exit")];
    child.send("stop");
    await ended;
    return (await told)[0] as Record<number, number>;
  };
}

interface Times {
  readonly clock: number[];
  /** Without what the loop waited for a processor meanwhile. */
  readonly served: number[];
}

const at = (times: readonly number[], part: number) =>
  times.toSorted((a, b) => a - b)[Math.floor(times.length * part)] as number;
const shown = ({ clock, served }: Times) =>
  `p50 ${at(clock, 0.5).toFixed(2)} ms, p99 ${at(clock, 0.99).toFixed(2)} ms; without waits for a processor p50 ${at(served, 0.5).toFixed(2)} ms, p99 ${at(served, 0.99).toFixed(2)} ms`;

async function measure(): Promise<void> {
  const server = await startServer(["modest", "flooding"]);
  const { url, token } = server;
  const [admin, modest] = [client({ url, token }, 8), client({ url, token: "modest" }, 1)];
  const group = "rbac.authorization.k8s.io";
  await admin("POST", `/apis/${group}/v1/clusterrolebindings`, {
    metadata: { name: "bench" },
    roleRef: { apiGroup: group, kind: "ClusterRole", name: "cluster-admin" },
    subjects: [{ kind: "Group", apiGroup: group, name: "bench" }],
  });
  const data = { text: "x".repeat(2000) };
  for (let i = 0; i < OBJECTS; i++)
    await admin("POST", "/api/v1/namespaces/default/configmaps", { metadata: { name: `c${i}` }, data });

  const probe = async ({ clock, served }: Times) => {
    for (let i = 0; i < PROBES; i++) {
      const [began, waited] = [performance.now(), server.waitedMs()];
      const code = await modest("GET", `/api/v1/namespaces/default/configmaps/c${i % OBJECTS}`);
      if (code !== 200) throw new Error(`the modest client was answered ${code}`);
      const lasted = performance.now() - began;
      clock.push(lasted);
      served.push(lasted - (server.waitedMs() - waited));
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  };
  await probe({ clock: [], served: [] });
  for (const [what, path] of Object.entries(FLOODS)) {
    const [quiet, loud]: [Times, Times] = [
      { clock: [], served: [] },
      { clock: [], served: [] },
    ];
    const answers: Record<string, number> = {};
    let busy = 0;
    let lasted = 0;
    // In turn, so that what else the machine does weighs on both alike.
    for (let round = 0; round < ROUNDS; round++) {
      await probe(quiet);
      const stop = await startFlood({ url, token: "flooding", path });
      const [began, before] = [performance.now(), server.loopMs()];
      await probe(loud);
      busy += server.loopMs() - before;
      lasted += performance.now() - began;
      for (const [code, count] of Object.entries(await stop())) answers[code] = (answers[code] ?? 0) + count;
    }
    console.log(
      `${what}, answers by status ${JSON.stringify(answers)}, the loop busy ${Math.round((100 * busy) / lasted)} %`,
    );
    console.log(`  alone:           ${shown(quiet)}`);
    console.log(`  under the flood: ${shown(loud)}`);
    const times = (of: keyof Times) => (at(loud[of], 0.99) / at(quiet[of], 0.99)).toFixed(1);
    console.log(`  p99 is ${times("clock")} times, without waits for a processor ${times("served")} times`);
  }
  await server.stop();
}

const [asked] = process.argv.slice(2);
if (asked?.startsWith("{")) await flood(JSON.parse(asked) as Access);
else await measure();
