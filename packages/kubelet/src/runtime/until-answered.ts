/** The runtime may start later than the kubelet. */
import { type Clock, type Logger, sleep } from "@kubets/machinery";
import type { Runtime, RuntimeVersion } from "./runtime.ts";

export async function untilAnswered(
  runtime: Runtime,
  clock: Clock,
  log: Logger,
  signal: AbortSignal,
): Promise<RuntimeVersion> {
  for (let told = false; ; told = true) {
    try {
      return await runtime.version();
    } catch (error) {
      if (!told) log.info("waiting for the container runtime", { error });
      await sleep(clock, 250, signal);
    }
  }
}
