/** `kubets server`: the control plane of a cluster in one process. */
import { createLogger, realClock, realRandom } from "@kubets/machinery";
import { defineCommand } from "@kubets/machinery/command";
import { machineAddress } from "@kubets/machinery/machine-address";
import { installProcessHandlers } from "@kubets/machinery/process-errors";
import { giveBackAfterStart } from "@kubets/machinery/process-memory";
import { onStopSignal } from "@kubets/machinery/shutdown";
import { serverFlags } from "./options.ts";

export const serverCommand = defineCommand({
  name: "server",
  summary: "Run the control plane: API server, controllers and scheduler in one process",
  examples: ["kubets server", "kubets server --cluster prod --advertise-address 192.0.2.10"],
  flags: serverFlags,
  async run({ values: flags }) {
    const { runServer } = await import("./run-server.ts");
    const log = createLogger({ level: flags.v >= 4 ? "debug" : "info" });
    installProcessHandlers(log);
    const { signal } = onStopSignal();
    const server = await runServer(flags, flags["advertise-address"] || machineAddress(), {
      clock: realClock,
      random: realRandom,
      log,
      signal,
    });
    giveBackAfterStart(realClock);
    try {
      await server.ended;
      log.info("stopping");
    } finally {
      await server.close();
    }
  },
});
