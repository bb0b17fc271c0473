/** Runs controllers of one's own in a process of their own: finds the cluster as kubectl does, or as a pod, and works until a signal ends it. */
import { type Client, type Controller, createEventRecorder, runControllers, SharedInformers } from "@kubets/client";
import { connectionFrom } from "@kubets/client/kubeconfig/connection";
import { openClient } from "@kubets/client/kubeconfig/open-client";
import { machineReading } from "@kubets/client/kubeconfig/reading";
import { createLogger, realClock, realRandom } from "@kubets/machinery";
import { onStopSignal } from "@kubets/machinery/shutdown";

interface RunControllerOptions {
  /** A kubeconfig; KUBECONFIG, the one at home, or the pod's own account when absent. */
  readonly kubeconfig?: string;
  /** Done before the controllers start: definitions that they need. */
  readonly prepare?: (client: Client) => Promise<unknown>;
}

/** Resolves when a signal has come and what was in work has ended. */
export async function runController(
  controllers: Controller | readonly Controller[],
  { kubeconfig, prepare }: RunControllerOptions = {},
): Promise<void> {
  const all = [controllers].flat();
  const log = createLogger({ format: "text", level: "info" });
  const { signal, dispose } = onStopSignal();
  const connection = await connectionFrom(kubeconfig ? { kubeconfig } : {}, machineReading());
  const name = all.map((controller) => controller.name).join("-");
  const { client, transport } = await openClient(connection, name);
  try {
    await prepare?.(client);
    const parts = { client, clock: realClock, random: realRandom, log, signal };
    const { started, stopped } = runControllers(all, {
      ...parts,
      cache: new SharedInformers(parts),
      events: createEventRecorder({ ...parts, component: name }),
    });
    void started.then(() => log.info("working", { controllers: name }));
    await stopped;
  } finally {
    dispose();
    await transport.close();
  }
}
