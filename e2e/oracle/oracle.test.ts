/**
 * Recorded exchanges with the original, replayed against `kubets apiserver` alone. What is reached stays reached: floors.json holds how much of each
 * recording is alike, in per mille of its steps, and is only ever raised.
 */
import assert from "node:assert/strict";
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { it } from "node:test";
import { sharedFolder, whyNoShared } from "../shared-folder.ts";

const MAIN = join(import.meta.dirname, "../../packages/kubets/src/main.ts");
const LONGEST_MS = 240_000;

type Level = "status" | "reason" | "exact";
const LEVELS: readonly Level[] = ["status", "reason", "exact"];
type Floors = Readonly<Record<string, Readonly<Record<Level, number>>>>;

interface Replayed {
  /** The steps that were answered with another status. */
  readonly otherwise: string;
  readonly table: readonly ({ readonly recording: string; readonly steps: number } & Readonly<Record<Level, number>>)[];
}

it("answers as the original did", { skip: whyNoShared("oracle"), timeout: LONGEST_MS + 30_000 }, async (t) => {
  const floors = JSON.parse(readFileSync(join(import.meta.dirname, "floors.json"), "utf8")) as Floors;
  const folder = mkdtempSync(join(tmpdir(), "kubets-oracle-"));
  let server: ChildProcess | undefined;
  try {
    server = start(folder);
    const { table, otherwise } = await replay(await portOf(server), recordingsIn(folder));
    for (const row of table) {
      const floor = floors[row.recording];
      for (const level of LEVELS) {
        const reached = Math.floor((1000 * row[level]) / row.steps);
        t.diagnostic(`${row.recording}: ${level} ${reached} of 1000`);
        if (floor)
          assert.ok(
            reached >= floor[level],
            `${row.recording}: ${level} fell to ${reached} from ${floor[level]}; with another status:\n${otherwise}`,
          );
      }
    }
  } finally {
    if (server && server.exitCode === null) {
      server.kill("SIGTERM");
      await once(server, "exit");
    }
    rmSync(folder, { recursive: true, force: true });
  }
});

function start(folder: string): ChildProcess {
  const tokens = join(folder, "tokens.csv");
  writeFileSync(tokens, 'secret,admin,admin,"system:masters"\n');
  const signingKey = join(folder, "service-account.key");
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  writeFileSync(signingKey, privateKey.export({ type: "pkcs8", format: "pem" }));
  const flags = {
    "data-dir": join(folder, "data"),
    "token-auth-file": tokens,
    "authorization-mode": "Node,RBAC",
    "enable-admission-plugins": "NodeRestriction",
    "enable-bootstrap-token-auth": "true",
    "bind-address": "127.0.0.1",
    "secure-port": "0",
    "allow-privileged": "true",
    "service-cluster-ip-range": "10.96.0.0/16",
    // As the recorded server was told.
    "service-account-issuer": "https://kubernetes.default.svc",
    "service-account-signing-key-file": signingKey,
    "service-account-jwks-uri": "https://127.0.0.1:18443/openid/v1/jwks",
  };
  const args = Object.entries(flags).map(([name, value]) => `--${name}=${value}`);
  return spawn(process.execPath, ["--disable-warning=ExperimentalWarning", MAIN, "apiserver", ...args], {
    stdio: ["ignore", "pipe", "pipe"],
  });
}

/** The port that the server says it serves, once it is ready. */
async function portOf(server: ChildProcess): Promise<number> {
  for (const stream of [server.stdout, server.stderr]) stream?.setEncoding("utf8");
  server.stdout?.resume();
  for await (const line of createInterface({ input: server.stderr as NodeJS.ReadableStream })) {
    const port = /\bready\b.*\bport=(\d+)/.exec(line)?.[1];
    if (!port) continue;
    server.stderr?.resume();
    return Number(port);
  }
  throw new Error("the server ended before it was ready");
}

/** The file of the recorded program had another name than the original's, and owners of fields are called by it: here they are called as everywhere else. */
function recordingsIn(folder: string): string {
  const [from, to] = [join(sharedFolder as string, "oracle/recordings"), join(folder, "recordings")];
  mkdirSync(to);
  for (const name of readdirSync(from))
    writeFileSync(
      join(to, name),
      readFileSync(join(from, name), "utf8").replaceAll("kube-apiserver-clean", "kube-apiserver"),
    );
  return to;
}

async function replay(port: number, recordings: string): Promise<Replayed> {
  const program = join(sharedFolder as string, "oracle/oracle.mjs");
  const args = [
    program,
    "replay",
    "--server",
    `https://127.0.0.1:${port}`,
    "--token",
    "secret",
    "--dir",
    recordings,
    "--conc",
    "24",
    "--json",
    // Tells of the steps whose status is another, before the table.
    "--diff",
    "--level=1",
  ];
  return new Promise((resolve, reject) => {
    execFile(process.execPath, args, { timeout: LONGEST_MS, maxBuffer: 1 << 26 }, (error, output) => {
      // It ends with 1 as long as not every step is alike.
      if (error && error.code !== 1) reject(error);
      else {
        const lines = output.trimEnd().split("\n");
        const { table } = JSON.parse(lines.pop() ?? "") as Replayed;
        resolve({ table, otherwise: lines.join("\n") });
      }
    });
  });
}
