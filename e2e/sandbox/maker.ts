/** Makes a cluster with two nodes and a pod, says "ready" and waits to be killed. Arguments: name, folder, "uplink" or nothing, what to wait for. */
import { realClock, silentLogger } from "@kubets/machinery";
import { createClusterSandbox } from "@kubets/sandbox";
import { runPod } from "./pod.ts";

const [name = "", folder = "", uplink] = process.argv.slice(2);
const cluster = await createClusterSandbox({
  name,
  folder,
  uplink: uplink === "uplink",
  clock: realClock,
  log: silentLogger,
});
process.stdout.write("cluster\n");
const nodes = await Promise.all(["node-1", "node-2"].map((node) => cluster.addNode(node)));
process.stdout.write("nodes\n");
for (const node of nodes) await runPod(node, `pod-on-${node.name}`);
process.stdout.write("ready\n");
setInterval(() => {}, 60_000);
