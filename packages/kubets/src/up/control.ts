/**
 * How other commands ask the process that keeps a cluster for more or fewer nodes: a socket in the cluster's folder, which its owner alone can open.
 * Holds: one change at a time; a refusal says why.
 */
import { chmodSync, rmSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { join } from "node:path";
import { createServer, request } from "@kubets/machinery/node-http";
import type { ClusterHome } from "../cluster/home.ts";

interface NodeChanges {
  add(name: string): Promise<void>;
  remove(name: string): Promise<void>;
}

const socketOf = ({ run }: ClusterHome): string => join(run, "control.sock");

/** Gives what ends it. */
export async function serveControl(home: ClusterHome, changes: NodeChanges): Promise<() => void> {
  const path = socketOf(home);
  rmSync(path, { force: true });
  let before = Promise.resolve();
  const server = createServer((asked, answer) => {
    const name = decodeURIComponent(asked.url?.slice(1) ?? "");
    const change = before.then(() => (asked.method === "DELETE" ? changes.remove(name) : changes.add(name)));
    before = change.catch(() => {});
    change.then(
      () => answer.end(),
      (error: unknown) => answer.writeHead(409).end(error instanceof Error ? error.message : String(error)),
    );
  });
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(path, resolve));
  chmodSync(path, 0o600);
  return () => server.close();
}

/** Throws with the refusal's words. */
export async function askForChange(home: ClusterHome, method: "PUT" | "DELETE", node: string): Promise<void> {
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    const path = `/${encodeURIComponent(node)}`;
    request({ socketPath: socketOf(home), method, path }, resolve)
      .once("error", reject)
      .end();
  });
  const text = Buffer.concat(await answer.toArray()).toString();
  if (answer.statusCode !== 200) throw new Error(text);
}
