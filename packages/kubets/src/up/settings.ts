/** What a person chose when the cluster was made, for the next start: the number of its nodes. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import type { ClusterHome } from "../cluster/home.ts";

/** The names of the nodes: as many as are asked for, else as last time, else one. */
export function rememberNodes(home: ClusterHome, asked: number): string[] {
  const remembered = existsSync(home.settings)
    ? (JSON.parse(readFileSync(home.settings, "utf8")) as { nodes?: number }).nodes
    : undefined;
  const count = asked || remembered || 1;
  mkdirSync(home.folder, { recursive: true, mode: 0o700 });
  writeFileSync(home.settings, `${JSON.stringify({ nodes: count })}\n`);
  return Array.from({ length: count }, (_, i) => `node-${i + 1}`);
}
