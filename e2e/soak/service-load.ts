/**
 * Asks a service all the time, for as long as its input is open, and then says how many answers came, from which pods, and how each request failed that did.
 * Half of the clients take a connection for each request; the others keep theirs for half a second, less than a pod that goes still serves. With a name of a
 * second service, one more connection to it is kept for good.
 */
import type { Agent as HttpAgent } from "node:http";
import { connect } from "node:net";
import { setTimeout as pass } from "node:timers/promises";
import { Agent, request } from "@kubets/machinery/node-http";

const [address = "", port = "", clients = "8", held = ""] = process.argv.slice(2);
const PAUSE_MS = 10;
const KEEP_MS = 500;
const LATE_MS = 10_000;
const pods = new Set<string>();
const failures: string[] = [];
let answered = 0;
let echoes = 0;
let open = true;
process.stdin.on("end", () => (open = false)).resume();

const failed = (why: string) => failures.push(`${new Date().toISOString()} ${address}:${port} ${why}`);

const ask = (agent: HttpAgent | false) =>
  new Promise<void>((resolve) => {
    const done = (why?: string) => {
      if (why) failed(why);
      resolve();
    };
    const sent = request({ host: address, port, agent, timeout: LATE_MS }, (response) => {
      response.resume().on("error", (error) => done(`broken off: ${error.message}`));
      response.on("end", () => {
        if (response.statusCode !== 200) return done(`status ${response.statusCode}`);
        answered++;
        pods.add(String(response.headers["x-pod"]));
        done();
      });
    });
    sent.on("error", (error) => done(error.message)).on("timeout", () => sent.destroy(new Error("no answer")));
    sent.end();
  });

async function client(keeps: boolean): Promise<void> {
  while (open) {
    const agent = keeps && new Agent({ keepAlive: true, maxSockets: 1 });
    const until = performance.now() + KEEP_MS;
    do {
      await ask(agent);
      await pass(PAUSE_MS);
    } while (open && performance.now() < until);
    if (agent) agent.destroy();
  }
}

async function hold(host: string): Promise<void> {
  const socket = connect({ host, port: 81 });
  const ended = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  socket.on("error", (error) => failed(`the kept connection: ${error.message}`)).on("data", () => echoes++);
  while (open && !socket.destroyed) {
    socket.write("?");
    await Promise.race([pass(100), ended]);
  }
  if (open) failed("the kept connection was closed");
  socket.destroy();
}

await Promise.all([
  ...Array.from({ length: Number(clients) }, (_, i) => client(i % 2 === 0)),
  ...(held ? [hold(held)] : []),
]);
// A pipe takes long texts piece by piece.
process.stdout.write(JSON.stringify({ answered, echoes, pods: pods.size, failures }), () => process.exit());
