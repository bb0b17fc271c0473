/** Shutdowns on machines without logind: who ends them (a container manager, an UPS) sends SIGPWR and waits for the time that pods are given. */
import type { ShutdownNotices } from "./shutdown.ts";

export const powerSignal: ShutdownNotices = {
  watch: ({ signal, begun }) =>
    new Promise((resolve) => {
      const hear = () => void begun();
      process.on("SIGPWR", hear);
      const end = () => {
        process.off("SIGPWR", hear);
        resolve();
      };
      if (signal.aborted) end();
      else signal.addEventListener("abort", end, { once: true });
    }),
};
