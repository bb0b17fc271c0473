/**
 * The command line that starts a program inside a scope: a shell puts itself into the cgroups, then becomes nsenter, then the program.
 * Each step is an exec, so that the process started is the program: its id, its signals, its exit.
 */
import type { Scope } from "./driver.ts";

interface CommandLine {
  readonly program: string;
  readonly args: readonly string[];
}

/** Exits with 125 when a cgroup refuses, as `env` and `timeout` do for their own failures. */
const JOIN_CGROUPS = 'while [ "$1" != -- ]; do echo 0 > "$1/cgroup.procs" || exit 125; shift; done; shift; exec "$@"';
const CHANGE_FOLDER = 'cd "$1" || exit 125; shift; exec "$@"';

const NSENTER_FLAGS = [
  ["net", "--net"],
  ["uts", "--uts"],
  ["ipc", "--ipc"],
  ["mnt", "--mount"],
] as const;

export function enterCommand(
  scope: Scope,
  program: string,
  args: readonly string[],
  options: { cwd?: string; nsenter?: string } = {},
): CommandLine {
  // Entering a mount namespace moves the process to its root.
  const placed =
    scope.mnt && options.cwd ? shell(CHANGE_FOLDER, [options.cwd, program, ...args]) : { program, args: [...args] };
  const flags = NSENTER_FLAGS.flatMap(([kind, flag]) => (scope[kind] ? [`${flag}=${scope[kind]}`] : []));
  const entered = flags.length
    ? { program: options.nsenter ?? "nsenter", args: [...flags, "--", placed.program, ...placed.args] }
    : placed;
  if (!scope.cgroups?.length) return entered;
  return shell(JOIN_CGROUPS, [...scope.cgroups, "--", entered.program, ...entered.args]);
}

const shell = (script: string, args: readonly string[]): CommandLine => ({
  program: "/bin/sh",
  args: ["-c", script, "sh", ...args],
});
