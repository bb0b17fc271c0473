/** Nodes that fall silent, by zones, as the files of node-scripts/ tell it; see script.ts for how to read and rewrite them. */
import { globSync } from "node:fs";
import { basename, join } from "node:path";
import { test } from "node:test";
import { NodeStage } from "./node-stage.ts";
import { playScript } from "./script.ts";

for (const path of globSync(join(import.meta.dirname, "node-scripts/*.txt")).toSorted())
  test(`nodes: ${basename(path, ".txt")}`, { timeout: 120_000 }, async () => {
    const stage = new NodeStage();
    try {
      await playScript(path, (command, words) => stage.run(command, words));
    } finally {
      await stage.close();
    }
  });
