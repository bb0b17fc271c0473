/** Files that the server is started with, and what it tells in its metrics. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ApiServerProcess } from "./api-server-process.ts";

export function writeConfiguration(folder: string, name: string, kind: string, content: object): string {
  const path = join(folder, name);
  const isOurs = kind.endsWith("Configuration");
  const apiVersion = isOurs ? "apiserver.config.k8s.io/v1" : "audit.k8s.io/v1";
  writeFileSync(path, JSON.stringify({ apiVersion, kind, ...content }));
  return path;
}

/** How to reach a server outside. `ca` is base64 of PEM. */
export function writeKubeconfig(folder: string, name: string, server: string, ca: string): string {
  const path = join(folder, name);
  const content = {
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "it", cluster: { server, "certificate-authority-data": ca } }],
    users: [{ name: "us", user: {} }],
    contexts: [{ name: "it", context: { cluster: "it", user: "us" } }],
    "current-context": "it",
  };
  writeFileSync(path, JSON.stringify(content));
  return path;
}

/** The value of a sample, by its name and labels as they are written; 0 when it is not told. */
export async function metric(server: ApiServerProcess, sample: string): Promise<number> {
  const { text = "" } = (await server.ask("GET", "/metrics")).body as { text?: string };
  const line = text.split("\n").find((each) => each.startsWith(`${sample} `));
  return line ? Number(line.slice(sample.length + 1)) : 0;
}

/** Asks until it is so. The test's own time limit ends it. */
export async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise(setImmediate);
}
