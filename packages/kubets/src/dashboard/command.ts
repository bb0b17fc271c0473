/** `kubets dashboard`: a cluster in the browser, as the user of the kubeconfig, until it is stopped. */
import { randomBytes } from "node:crypto";
import { openLink } from "@kubets/kubectl/api/connect";
import { defineCommand } from "@kubets/machinery/command";
import { ExitError, exitCode } from "@kubets/machinery/exit-codes";
import { defineFlags, int, text } from "@kubets/machinery/flags";
import { onStopSignal } from "@kubets/machinery/shutdown";
import { connectionFlags, connectionTo } from "../cluster/connection.ts";
import { type Dashboard, serveDashboard } from "./serve.ts";

export const dashboardCommand = defineCommand({
  name: "dashboard",
  summary: "Show a cluster in the browser",
  description:
    "Serves pages that show and change what is in a cluster: tables of every kind that are kept up to date, YAML, logs, shells in containers. They may do what the user of the kubeconfig may do; the address that is printed carries the key to them, so keep it to yourself.",
  examples: ["kubets dashboard", "kubets dashboard --context production --port 0"],
  flags: defineFlags({
    ...connectionFlags,
    port: int({ help: "Where to listen; 0 for any free port.", short: "p", default: 8002, min: 0, max: 65_535 }),
    address: text({ help: "The address to listen on. What goes over it is not encrypted.", default: "127.0.0.1" }),
  }),
  async run({ values, io }) {
    const connection = await connectionTo(values);
    const link = await openLink(connection);
    const stop = onStopSignal();
    try {
      const key = randomBytes(24).toString("base64url");
      const dashboard = await listening({ link, key, address: values.address, port: values.port });
      io.output(`The dashboard of ${connection.server} is at\n\n  ${dashboard.url}\n\nCtrl-C ends it.\n`);
      if (!stop.signal.aborted)
        await new Promise<void>((resolve) => stop.signal.addEventListener("abort", () => resolve(), { once: true }));
      await dashboard.close();
    } finally {
      stop.dispose();
      await link.transport.close();
    }
  },
});

async function listening(options: Parameters<typeof serveDashboard>[0]): Promise<Dashboard> {
  try {
    return await serveDashboard(options);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const cure = code === "EADDRINUSE" ? "; --port names another port, --port 0 any free one" : "";
    throw new ExitError(exitCode.failure, `the dashboard cannot be served: ${message}${cure}`);
  }
}
