/** All commands of the program. Each loads its part only when it runs, so that `kubets --help` is quick. */

import { apiServerCommand } from "@kubets/apiserver/command";
import { type Command, defineCommand } from "@kubets/machinery/command";
import { agentCommand } from "./agent/command.ts";
import { downCommand, statusCommand } from "./down/command.ts";
import { serverCommand } from "./server/command.ts";
import { upCommand } from "./up/command.ts";

export const rootCommand: Command = defineCommand({
  name: "kubets",
  summary: "Kubernetes v1.36 in TypeScript",
  description: "A real cluster in seconds, on one machine or many.",
  examples: ["kubets up", "kubets up --nodes 3 --detach", "kubets kubectl get pods -A", "kubets down"],
  subcommands: [upCommand, downCommand, statusCommand, serverCommand, agentCommand, apiServerCommand],
});
