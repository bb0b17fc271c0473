/**
 * Programs as trees of commands: each has a name, a summary, examples, flags, and subcommands or something to run.
 * Holds: `runCommand` always ends with an exit code; what goes wrong is written to `io.error` in one line with the way
 * to more help, and never as a stack of calls.
 */
import { ExitError, exitCode } from "./exit-codes.ts";
import { FlagError, type FlagSet, type ParsedFlags, parseFlags } from "./flags.ts";
import { helpText } from "./help-text.ts";
import { nearest } from "./nearest.ts";

export interface CommandIo {
  output(text: string): void;
  error(text: string): void;
}

interface CommandRun<F extends FlagSet> extends ParsedFlags<F> {
  readonly io: CommandIo;
}

export interface CommandSpec<F extends FlagSet> {
  readonly name: string;
  readonly aliases?: readonly string[];
  /** One line. */
  readonly summary: string;
  readonly description?: string;
  readonly examples?: readonly string[];
  /** What stands after the name in the usage line, as `NAME [flags]`. */
  readonly usage?: string;
  readonly flags?: F;
  readonly subcommands?: readonly Command[];
  readonly hidden?: boolean;
  /** The exit code of a command line that cannot be read, here and below; 2 when absent. */
  readonly usageCode?: number;
  /** Arguments after the first that is no flag are handed on as they are. */
  readonly stopAtArgument?: boolean;
  /** All arguments are handed on as they are, flags too. */
  readonly asWritten?: boolean;
  run?(run: CommandRun<F>): number | void | Promise<number | void>;
}

export type Command = CommandSpec<FlagSet>;

/** Declares a command; `run` knows the types of its flags. */
export const defineCommand = <const F extends FlagSet>(spec: CommandSpec<F>): Command => spec as unknown as Command;

/** Runs what the arguments ask for and gives the exit code. An ExitError chooses its own. */
export async function runCommand(root: Command, argv: readonly string[], io: CommandIo): Promise<number> {
  const path = [root];
  const rest = [...argv];
  try {
    findCommand(path, rest);
    const command = path.at(-1) as Command;
    const parsed = parseFlags(command.flags ?? {}, command.asWritten ? ["--", ...rest] : rest, command);
    for (const warning of parsed.warnings) io.error(`${warning}\n`);
    if (parsed.help || !command.run) {
      if (!parsed.help && parsed.args.length > 0) throw unknownCommand(path, parsed.args[0] as string);
      io.output(helpOf(path));
      return exitCode.ok;
    }
    return (await command.run({ ...parsed, io })) ?? exitCode.ok;
  } catch (error) {
    return reportError(error, path, io);
  }
}

/** Follows the names of subcommands as far as they go. */
function findCommand(path: Command[], rest: string[]): void {
  for (;;) {
    const command = path.at(-1) as Command;
    const name = rest[0];
    const next = command.subcommands?.find((each) => each.name === name || each.aliases?.includes(name ?? ""));
    if (!next) return;
    path.push(next);
    rest.shift();
  }
}

const nameOf = (path: readonly Command[]): string => path.map(({ name }) => name).join(" ");

function unknownCommand(path: readonly Command[], word: string): FlagError {
  const known =
    path
      .at(-1)
      ?.subcommands?.filter(({ hidden }) => !hidden)
      .map(({ name }) => name) ?? [];
  const meant = nearest(word, known);
  const hint = meant === undefined ? "" : `: did you mean ${JSON.stringify(meant)}?`;
  return new FlagError(`unknown command ${JSON.stringify(word)} for ${JSON.stringify(nameOf(path))}${hint}`);
}

export function helpOf(path: readonly Command[]): string {
  const command = path.at(-1) as Command;
  const subcommands = command.subcommands?.filter(({ hidden }) => !hidden);
  const usage = command.usage ?? (subcommands?.length ? "COMMAND [flags]" : "[flags]");
  return helpText({ ...command, subcommands, usage: `${nameOf(path)} ${usage}` });
}

function reportError(error: unknown, path: readonly Command[], io: CommandIo): number {
  const message = error instanceof Error ? error.message : String(error);
  io.error(`error: ${message}\n`);
  if (error instanceof FlagError) {
    io.error(`See '${nameOf(path)} --help' for usage.\n`);
    return path.find(({ usageCode }) => usageCode !== undefined)?.usageCode ?? exitCode.usage;
  }
  return error instanceof ExitError ? error.code : exitCode.failure;
}
