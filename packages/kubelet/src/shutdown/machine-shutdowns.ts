/** Shutdowns of this machine: logind's where there is one, else SIGPWR. */
import { type LogindOptions, logindShutdowns } from "./logind.ts";
import { powerSignal } from "./power-signal.ts";
import type { ShutdownNotices } from "./shutdown.ts";

export const machineShutdowns = (options: LogindOptions): ShutdownNotices => ({
  async watch(wanted) {
    try {
      await logindShutdowns(options).watch(wanted);
    } catch (error) {
      options.log.info("logind tells no shutdowns; SIGPWR is taken for one", { error });
      await powerSignal.watch(wanted);
    }
  },
});
