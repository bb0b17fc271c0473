/**
 * A whole cluster on simulated nodes: how long Deployments take until all their pods are available, from the first request on, over HTTPS.
 *
 *   node bench/settle.ts [--deployments 1000] [--pods 10] [--nodes 100]
 */
import { deployments } from "@kubets/api/generated/refs";
import { connectionFrom } from "@kubets/client/kubeconfig/connection";
import { openClient } from "@kubets/client/kubeconfig/open-client";
import { machineReading } from "@kubets/client/kubeconfig/reading";
import { defineFlags, int, parseFlags } from "@kubets/machinery/flags";
import { upCluster } from "../e2e/cluster.ts";

const flags = defineFlags({
  deployments: int({ help: "How many Deployments.", default: 1000 }),
  pods: int({ help: "How many pods each.", default: 10 }),
  nodes: int({ help: "How many nodes.", default: 100 }),
});
const { values } = parseFlags(flags, process.argv.slice(2));
const AT_ONCE = 16;

const cluster = upCluster({ nodes: values.nodes, suffix: "set", flags: ["--simulated", "--addons", "none"] });
try {
  const reading = machineReading(() => {});
  const { client, transport } = await openClient(
    await connectionFrom({ kubeconfig: cluster.kubeconfig }, reading),
    "bench",
  );
  const available = new Map<string, number>();
  const { promise: settled, resolve } = Promise.withResolvers<void>();
  let sum = 0;
  const { metadata } = await client.list(deployments, { namespace: "default" });
  const watch = await client.watch(
    deployments,
    { namespace: "default", resourceVersion: metadata.resourceVersion },
    {
      events(batch) {
        for (const { object } of batch) {
          const now = object.status?.availableReplicas ?? 0;
          sum += now - (available.get(object.metadata.name) ?? 0);
          available.set(object.metadata.name, now);
        }
        if (sum === values.deployments * values.pods) resolve();
      },
      closed: () => {},
    },
  );
  const labels = { app: "web" };
  const template = { metadata: { labels }, spec: { containers: [{ name: "c", image: "kubets.local/pause:1" }] } };
  const from = performance.now();
  const seconds = () => (performance.now() - from) / 1000;
  let next = 0;
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (let i = next++; i < values.deployments; i = next++)
        await client.create(deployments, {
          metadata: { namespace: "default", name: `web-${i}` },
          spec: { replicas: values.pods, selector: { matchLabels: labels }, template },
        });
    }),
  );
  const created = seconds();
  await settled;
  const total = values.deployments * values.pods;
  console.log(
    `${values.deployments} Deployments of ${values.pods} on ${values.nodes} simulated nodes: created in ${created.toFixed(1)} s, all available after ${seconds().toFixed(1)} s, ${Math.round(total / seconds())} pods/s`,
  );
  watch.stop();
  await transport.close();
} finally {
  cluster.down();
}
