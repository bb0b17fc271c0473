/**
 * A load balancer outside of the cluster, and its clients: asks each node at the health check node port of a service whether it has endpoints, and sends requests to
 * the node port of those that have, for as long as its input is open. Then it says which pods answered, by which node, whom they saw asking, and what failed.
 */
import { setTimeout as pass } from "node:timers/promises";
import { Agent, request } from "@kubets/machinery/node-http";

const [nodePort = "", healthPort = "", ...nodes] = process.argv.slice(2);
const CHECK_MS = 200;
const PAUSE_MS = 20;
const LATE_MS = 10_000;
const heard = { answered: 0, pods: new Set<string>(), nodes: new Set<string>(), seen: new Set<string>() };
const failures: string[] = [];
let healthy: string[] = [];
let open = true;
process.stdin.on("end", () => (open = false)).resume();

const ask = (host: string, port: string) =>
  new Promise<{ status: number | undefined; text: string }>((resolve, reject) => {
    const sent = request({ host, port, agent: new Agent(), timeout: LATE_MS }, (response) => {
      let text = "";
      response.on("data", (data) => (text += String(data))).on("error", reject);
      response.on("end", () => resolve({ status: response.statusCode, text }));
    });
    sent.on("error", reject).on("timeout", () => sent.destroy(new Error("no answer")));
    sent.end();
  });

async function check(): Promise<void> {
  while (open) {
    const states = await Promise.all(nodes.map((node) => ask(node, healthPort).catch(() => undefined)));
    healthy = nodes.filter((_, i) => states[i]?.status === 200);
    await pass(CHECK_MS);
  }
}

async function send(): Promise<void> {
  for (let i = 0; open; i++) {
    const node = healthy[i % healthy.length];
    await pass(PAUSE_MS);
    if (!node) continue;
    try {
      const [pod = "", from = ""] = (await ask(node, nodePort)).text.split(" ");
      heard.answered++;
      heard.pods.add(pod);
      heard.nodes.add(node);
      heard.seen.add(from);
    } catch (error) {
      failures.push(`${new Date().toISOString()} ${node}: ${(error as Error).message}`);
    }
  }
}

await Promise.all([check(), send()]);
const [pods, by, seen] = [[...heard.pods], [...heard.nodes].sort(), [...heard.seen]];
const said = JSON.stringify({ answered: heard.answered, pods, nodes: by, seen, failures });
// A pipe takes long texts piece by piece.
process.stdout.write(said, () => process.exit());
