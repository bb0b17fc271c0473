/** Runs a command in a container, with this terminal if asked for. The exit code is the command's. */
import { throwAll, UsageError } from "../errors.ts";
import { textAt } from "../json.ts";
import { pathOf, resourceText } from "../resources/mapper.ts";
import { containerOf, onePod } from "../resources/pods.ts";
import { select } from "../resources/select.ts";
import type { Api } from "../session.ts";
import { runStreams } from "../stream/run-streams.ts";
import { useTerminal } from "../stream/terminal.ts";
import { defineVerb } from "../verb.ts";
import { bool, containerFlag, duration, list } from "./flags.ts";

/** "TYPE/NAME" of the one object of a file. */
async function nameOfFile(api: Api, files: readonly string[]): Promise<string> {
  const { infos, errors } = await select(api, { verb: "exec", args: [], files, local: true });
  throwAll(errors);
  const [info] = infos;
  if (!info || infos.length > 1) throw new UsageError("the file must hold one object");
  return `${resourceText(info.resource)}/${info.name}`;
}

export const exec = defineVerb({
  name: "exec",
  summary: "Run a command in a container",
  usage: "(POD | TYPE/NAME) [-c CONTAINER] [flags] -- COMMAND [args...]",
  examples: ["kubectl exec web-0 -- date", "kubectl exec -it deployment/web -- sh"],
  flags: {
    ...containerFlag,
    filename: list({ help: "The file of the object to run the command in.", short: "f" }),
    stdin: bool({ help: "Pass standard input to the container.", short: "i" }),
    tty: bool({ help: "Standard input is a terminal.", short: "t" }),
    quiet: bool({ help: "Print only what the command prints.", short: "q" }),
    "pod-running-timeout": duration({ help: "How long to wait for a pod to run.", default: 60_000 }),
  },
  async run(session, { flags, args, argsAtDash }) {
    const fromFile = flags.filename.length > 0;
    const [name = "", ...command] = fromFile ? ["", ...args] : args;
    if (!fromFile && (args.length === 0 || argsAtDash === 0))
      throw new UsageError("pod, type/name or --filename must be specified");
    if (command.length === 0 || argsAtDash !== (fromFile ? 0 : 1))
      throw new UsageError(
        argsAtDash < 0 && command.length > 0
          ? "exec [POD] [COMMAND] is not supported anymore. Use exec [POD] -- [COMMAND] instead\nSee 'kubectl exec -h' for help and examples"
          : "you must specify at least one command for the container",
      );
    const api = await session.api();
    const pod = await onePod(api, fromFile ? await nameOfFile(api, flags.filename) : name);
    const phase = textAt(pod.object, "status", "phase");
    if (phase === "Succeeded" || phase === "Failed")
      throw new UsageError(`cannot exec into a container in a completed pod; current phase is ${phase}`);
    const container = containerOf(pod.object, flags.container, (text) => flags.quiet || session.note(text));
    const terminal = useTerminal(session, flags);
    try {
      const code = await runStreams(
        api.rest,
        pathOf(pod.resource, pod.namespace, pod.name, "exec"),
        { command, container, tty: terminal.tty },
        terminal.streams,
      );
      if (code !== 0 && !flags.quiet) session.note(`command terminated with exit code ${code}`);
      return code;
    } finally {
      terminal.restore();
    }
  },
});
