/** Rollouts of Deployments and updates of StatefulSets, as the files of scripts/ tell them; see script.ts for how to read and rewrite them. */
import { globSync } from "node:fs";
import { basename, join } from "node:path";
import { test } from "node:test";
import { startCluster } from "./cluster.ts";
import { playScript } from "./script.ts";
import { Stage } from "./script-stage.ts";

for (const path of globSync(join(import.meta.dirname, "scripts/*.txt")).toSorted())
  test(`script ${basename(path, ".txt")}`, { timeout: 180_000 }, async () => {
    const failing = new Set<string>();
    const cluster = await startCluster({
      controllers: ["deployment", "replicaset", "statefulset", "garbagecollector"],
      fate: (pod) => (failing.has(pod.spec.containers[0]?.image ?? "") ? "running" : "ready"),
    });
    try {
      const stage = await Stage.open(cluster, failing);
      await playScript(path, (command, words) => stage.run(command, words));
    } finally {
      await cluster.stop();
    }
  });
