/** A real API server with some of its features opened, and a scheduler with the rights that a cluster gives it. */
import { servedResources } from "@kubets/api/runtime-config";
import { type Client, createEventRecorder, SharedInformers } from "@kubets/client";
import { realClock, realRandom, silentLogger } from "@kubets/machinery";
import { startScheduler } from "@kubets/scheduler/scheduler";
import { startControlPlane } from "../controllers/control-plane.ts";

interface SchedulingServer {
  /** May do everything. */
  readonly client: Client;
  close(): Promise<void>;
}

export async function serveWithScheduler(features: readonly string[]): Promise<SchedulingServer> {
  const [clock, random, log] = [realClock, realRandom, silentLogger];
  const stop = new AbortController();
  const { signal } = stop;
  const resources = servedResources(["scheduling.k8s.io/v1alpha2"], (name) => features.includes(name));
  const plane = await startControlPlane({ clock, random, log, features, resources });
  const client = plane.clientAs("system:kube-scheduler", []);
  await startScheduler({
    client,
    cache: new SharedInformers({ client, clock, random, log, signal }),
    events: createEventRecorder({ client, clock, random, log, signal, component: "default-scheduler" }),
    clock,
    random,
    log,
    signal,
    featureGates: Object.fromEntries(features.map((name) => [name, true])),
  }).ready;
  return {
    client: plane.clientAs("test"),
    async close() {
      stop.abort();
      await plane.close();
    },
  };
}
