/** Joins this terminal to a running container. */
import { UsageError } from "../errors.ts";
import { textAt } from "../json.ts";
import { pathOf } from "../resources/mapper.ts";
import { containerOf, onePod } from "../resources/pods.ts";
import { runStreams } from "../stream/run-streams.ts";
import { useTerminal } from "../stream/terminal.ts";
import { defineVerb } from "../verb.ts";
import { bool, containerFlag, duration } from "./flags.ts";

const JOINED =
  "All commands and output from this session will be recorded in container logs, including credentials and sensitive information passed through the command prompt.\nIf you don't see a command prompt, try pressing enter.";

export const attach = defineVerb({
  name: "attach",
  summary: "Join a running container",
  usage: "(POD | TYPE/NAME) -c CONTAINER [flags]",
  flags: {
    ...containerFlag,
    stdin: bool({ help: "Pass standard input to the container.", short: "i" }),
    tty: bool({ help: "Standard input is a terminal.", short: "t" }),
    quiet: bool({ help: "Print only what the container prints.", short: "q" }),
    "pod-running-timeout": duration({ help: "How long to wait for a pod to run.", default: 60_000 }),
  },
  async run(session, { flags, args }) {
    const [name, ...more] = args;
    if (!name || more.length > 0) throw new UsageError("at least 1 argument is required for attach");
    const api = await session.api();
    const pod = await onePod(api, name);
    const phase = textAt(pod.object, "status", "phase");
    if (phase === "Succeeded" || phase === "Failed")
      throw new UsageError(`cannot attach a container in a completed pod; current phase is ${phase}`);
    const container = containerOf(pod.object, flags.container, (text) => flags.quiet || session.note(text));
    const terminal = useTerminal(session, flags);
    if (!flags.quiet) session.note(JOINED);
    try {
      return await runStreams(
        api.rest,
        pathOf(pod.resource, pod.namespace, pod.name, "attach"),
        { container, tty: terminal.tty },
        terminal.streams,
      );
    } finally {
      terminal.restore();
    }
  },
});
