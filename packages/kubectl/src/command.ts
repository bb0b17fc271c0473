/**
 * The command with all verbs below it. Global flags may stand before the verb or behind it.
 * Holds: nothing of the machine is touched before a verb runs.
 */
import { machineReading } from "@kubets/client/kubeconfig/reading";
import { realClock, realRandom } from "@kubets/machinery";
import { type Command, defineCommand, helpOf, runCommand } from "@kubets/machinery/command";
import { exitCode } from "@kubets/machinery/exit-codes";
import { FlagError } from "@kubets/machinery/flags";
import { completeCommand } from "./complete/command.ts";
import { globalFlags } from "./global-flags.ts";
import { expanded, readPreference } from "./kuberc/preference.ts";
import { findPlugin } from "./plugins/find.ts";
import { runPlugin } from "./plugins/run.ts";
import type { Machine } from "./session.ts";
import { verbs } from "./verbs/index.ts";

export interface KubectlOptions extends Partial<Machine> {
  /** The command's name; "kubectl" by default. */
  readonly name?: string;
}

export function createKubectlCommand(options: KubectlOptions = {}): Command {
  const machine: Machine = {
    reading: options.reading ?? machineReading(),
    streams: options.streams ?? { stdin: process.stdin, stdout: process.stdout, stderr: process.stderr },
    clock: options.clock ?? realClock,
    random: options.random ?? realRandom,
    ...(options.defaultKubeconfig && { defaultKubeconfig: options.defaultKubeconfig }),
  };
  const kubectl: Command & { readonly subcommands: readonly Command[] } = {
    name: options.name ?? "kubectl",
    summary: "Work with a cluster as kubectl does",
    description: "Controls the cluster: kubectl's verbs, flags and output.",
    examples: ["kubectl get pods -A", "kubectl apply -f web.yaml", "kubectl logs -f deployment/web"],
    usage: "VERB [flags]",
    flags: globalFlags,
    // As kubectl: whatever is wrong, it is 1.
    usageCode: exitCode.failure,
    subcommands: [
      ...verbs.map((verb) => verb(machine)),
      completeCommand(() => kubectl, machine),
      completeCommand(() => kubectl, machine, "__completeNoDesc"),
    ],
  };
  return defineCommand({
    ...kubectl,
    stopAtArgument: true,
    /** When flags stand before the verb, which are handed to it; and for aliases and plugins. */
    async run({ args, given, values, io }) {
      if (args.length === 0 && given.size === 0) {
        io.output(helpOf([kubectl]));
        return exitCode.ok;
      }
      const other =
        followed(kubectl.subcommands, args).path.length === 0
          ? await otherCommand(args, given, values["kuberc"] as string)
          : undefined;
      if (typeof other === "number") return other;
      if (other) return runCommand(defineCommand(kubectl), other, io);
      const flags = [...given].flatMap((name) => written(name, (values as Record<string, unknown>)[name]));
      const { path, rest } = followed(kubectl.subcommands, args);
      return runCommand(defineCommand(kubectl), path.length ? [...path, ...flags, ...rest] : args, io);
    },
  });

  /** What an alias stands for, or the exit code of a plugin. */
  async function otherCommand(
    args: readonly string[],
    given: ReadonlySet<string>,
    kuberc = "",
  ): Promise<string[] | number | undefined> {
    const alias = (await readPreference(kuberc, machine.reading)).aliases.get(args[0] ?? "");
    if (alias) return expanded(alias, args.slice(1));
    const plugin = await findPlugin(args, machine.reading.env);
    if (!plugin) return undefined;
    if (given.size > 0) throw new FlagError(`flags cannot be placed before plugin name: --${[...given][0]}`);
    return runPlugin(plugin.path, plugin.rest, machine);
  }
}

export const kubectlCommand: Command = createKubectlCommand();

/** A flag with its value as one word (several for a list), as it could have been typed. */
function written(name: string, value: unknown): string[] {
  if (Array.isArray(value)) return value.map((each) => `--${name}=${each}`);
  return [`--${name}=${String(value)}`];
}

/** The verb, and the verb below it, that the arguments begin with. */
function followed(commands: readonly Command[], args: readonly string[]): { path: string[]; rest: string[] } {
  const path: string[] = [];
  let below: readonly Command[] | undefined = commands;
  for (const arg of args) {
    const next: Command | undefined = below?.find(({ name, aliases }) => name === arg || aliases?.includes(arg));
    if (!next) break;
    path.push(arg);
    below = next.subcommands;
  }
  return { path, rest: args.slice(path.length) };
}
