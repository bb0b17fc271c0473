/** What a person chose when the cluster was made, for the next start: its nodes. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import type { ClusterHome } from "../cluster/home.ts";

/** As many as are asked for, else those of last time, else one. */
export function chooseNodes(home: ClusterHome, asked: number): string[] {
  const remembered = remembering(home);
  const nodes = asked || !remembered ? Array.from({ length: asked || 1 }, (_, i) => `node-${i + 1}`) : remembered;
  rememberNodes(home, nodes);
  return nodes;
}

export function rememberNodes(home: ClusterHome, nodes: readonly string[]): void {
  mkdirSync(home.folder, { recursive: true, mode: 0o700 });
  writeFileSync(home.settings, `${JSON.stringify({ nodes })}\n`);
}

function remembering({ settings }: ClusterHome): string[] | undefined {
  if (!existsSync(settings)) return undefined;
  const { nodes } = JSON.parse(readFileSync(settings, "utf8")) as { nodes?: string[] };
  return nodes?.length ? nodes : undefined;
}
