/** Runs on the machine that uplink.test.ts made: a cluster with an uplink, a pod that pings out. Arguments: name, folder, address to reach. */
import { createLogger, realClock } from "@kubets/machinery";
import { createClusterSandbox } from "@kubets/sandbox";
import { runPod } from "./pod.ts";

const [name = "", folder = "", address = ""] = process.argv.slice(2);
const cluster = await createClusterSandbox({ name, folder, uplink: true, clock: realClock, log: createLogger() });
try {
  const pod = await runPod(await cluster.addNode("node-1"), "out");
  await pod.exec("ping", "-c", "1", "-W", "3", address);
  console.log("the pod reached the world");
} finally {
  const left = await cluster.remove();
  console.log(`removed: ${left.join(", ") || "nothing left"}`);
}
