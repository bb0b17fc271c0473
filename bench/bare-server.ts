/**
 * What this machine makes of a GET at all: a bare `node:https` server under the same clients. Clock and CPU figures of a shared machine mean
 * little without it; the targets are scaled by it.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import https from "node:https";
import { certificateToPem, createAuthority, createKey, keyToPem, validFor } from "@kubets/wire/x509";

/** Milliseconds of CPU a GET of 2.6 KB on the machine on which the targets were set. */
const THERE_MS = 0.71 / 14;
const REQUESTS = 4000;

/** How many times as much CPU a GET costs here. */
export async function slowness(clients: number): Promise<number> {
  const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", import.meta.filename], {
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  try {
    const port = await new Promise<number>((resolve) => child.once("message", (sent) => resolve(Number(sent))));
    const agent = new https.Agent({ keepAlive: true, maxSockets: clients, rejectUnauthorized: false });
    const get = () =>
      new Promise((resolve, reject) => {
        https
          .get({ host: "127.0.0.1", port, agent }, (answer) => answer.resume().on("end", resolve))
          .on("error", reject);
      });
    const before = cpuOf(child);
    let left = REQUESTS;
    await Promise.all(
      Array.from({ length: clients }, async () => {
        while (left-- > 0) await get();
      }),
    );
    agent.destroy();
    return (cpuOf(child) - before) / REQUESTS / THERE_MS;
  } finally {
    child.kill();
  }
}

/** Milliseconds. */
function cpuOf({ pid }: ChildProcess): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

if (import.meta.main) {
  const key = createKey();
  const { certificate } = createAuthority({ commonName: "bare", key, ...validFor(Date.now(), 1) });
  const body = Buffer.from(JSON.stringify({ text: "x".repeat(2600) }));
  const server = https.createServer({ key: keyToPem(key), cert: certificateToPem(certificate) }, (_, answer) => {
    answer.writeHead(200, { "content-type": "application/json", "content-length": body.length });
    answer.end(body);
  });
  server.listen(0, "127.0.0.1", () => process.send?.((server.address() as { port: number }).port));
}
