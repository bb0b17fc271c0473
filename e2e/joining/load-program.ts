/** Writes and reads through one server, for as long as its input is open; then says how many requests it made, how long the slowest took, and how each that failed did. */
import { setTimeout as pass } from "node:timers/promises";
import { configmaps } from "@kubets/api/generated/refs";
import { connectionFrom } from "@kubets/client/kubeconfig/connection";
import { openClient } from "@kubets/client/kubeconfig/open-client";
import { machineReading } from "@kubets/client/kubeconfig/reading";

const [kubeconfig = "", name = "", pauseMs = "0"] = process.argv.slice(2);
const connection = await connectionFrom({ kubeconfig }, machineReading());
const { client, transport } = await openClient(connection, "load");
let open = true;
process.stdin.on("end", () => (open = false)).resume();
const failures: string[] = [];
let [requests, slowestMs] = [0, 0];
const ask = async (request: () => Promise<unknown>) => {
  requests++;
  const began = performance.now();
  await request().catch((error: unknown) => failures.push(`${new Date().toISOString()} ${String(error)}`));
  slowestMs = Math.max(slowestMs, Math.round(performance.now() - began));
};
const key = { namespace: "default", name };
await ask(() => client.create(configmaps, { metadata: key, data: { round: "0" } }));
for (let round = 1; open; round++) {
  const body = { data: { round: String(round) } };
  await ask(() => client.patch(configmaps, key, { type: "merge", body }));
  await ask(() => client.get(configmaps, key));
  await pass(Number(pauseMs));
}
await transport.close();
console.log(JSON.stringify({ requests, slowestMs, failures }));
