/**
 * Verbs as commands: each gets a session and its flags, and what it throws is told in kubectl's words.
 * Holds: the connection is let go of when the verb ends, however it ends.
 */
import { type Command, type CommandSpec, defineCommand } from "@kubets/machinery/command";
import { ExitError } from "@kubets/machinery/exit-codes";
import { FlagError, type FlagSet, type FlagValues } from "@kubets/machinery/flags";
import { codeOf, errorText, UsageError } from "./errors.ts";
import { type GlobalValues, globalFlags } from "./global-flags.ts";
import { type Option, readPreference } from "./kuberc/preference.ts";
import { KUSTOMIZATION } from "./resources/files.ts";
import { type Machine, Session } from "./session.ts";

export interface VerbRun<F extends FlagSet> {
  readonly flags: FlagValues<F>;
  readonly args: readonly string[];
  /** How many of `args` stood before `--`; -1 if there was none. */
  readonly argsAtDash: number;
  readonly given: ReadonlySet<string>;
}

interface VerbSpec<F extends FlagSet> extends Omit<CommandSpec<F>, "run" | "subcommands"> {
  readonly flags?: F;
  readonly subcommands?: readonly Verb[];
  run?(session: Session, run: VerbRun<F>): Promise<number | void> | number | void;
}

function withoutTaken(own: FlagSet): FlagSet {
  const letters = new Set(Object.values(own).map(({ short }) => short));
  return Object.fromEntries(
    Object.entries(globalFlags as FlagSet).filter(
      ([name, { short }]) => !(name in own) && !(short && letters.has(short)),
    ),
  );
}

/** What the session reads; a global flag that the verb has taken over counts as not given. */
const globalValues = (values: Record<string, unknown>, own: FlagSet): GlobalValues =>
  Object.fromEntries(
    Object.entries(globalFlags as FlagSet).map(([name, flag]) => [
      name,
      name in own || !(name in values) ? flag.default : values[name],
    ]),
  ) as GlobalValues;

/** A kustomization counts as a file, for all verbs that take files. */
function withKustomization(values: Record<string, unknown>): Record<string, unknown> {
  const folder = values["kustomize"];
  if (typeof folder !== "string" || folder === "") return values;
  if ((values["filename"] as readonly string[]).length > 0)
    throw new UsageError("only one of -f or -k can be specified");
  return { ...values, filename: [KUSTOMIZATION + folder] };
}

/** What is not given is as the person prefers. */
function withDefaults(
  values: Record<string, unknown>,
  flags: FlagSet,
  given: ReadonlySet<string>,
  options: readonly Option[],
): Record<string, unknown> {
  const preferred = options
    .filter(({ name }) => name in flags && !given.has(name))
    .map(({ name, default: text }) => [name, flags[name]?.parse(text, undefined)]);
  return preferred.length > 0 ? { ...values, ...Object.fromEntries(preferred) } : values;
}

/** A verb, still without the machine that it will run on. */
export type Verb = (machine: Machine, above?: string) => Command;

export const defineVerb =
  <const F extends FlagSet>(spec: VerbSpec<F>): Verb =>
  (machine, above = "") => {
    const path = above ? `${above} ${spec.name}` : spec.name;
    const { run, subcommands, ...rest } = spec;
    return defineCommand({
      ...rest,
      // A verb's own flag goes before a global one of its name or letter.
      flags: { ...withoutTaken(spec.flags ?? {}), ...spec.flags } as FlagSet,
      ...(subcommands && { subcommands: subcommands.map((verb) => verb(machine, path)) }),
      ...(run && {
        async run({ values: written, args, argsAtDash, given, io }) {
          const globals = globalValues(written as Record<string, unknown>, spec.flags ?? {});
          const session = new Session(io, machine, globals);
          let endProfile = async () => {};
          try {
            if (globals.profile !== "none") {
              const { startProfile } = await import("./profile.ts");
              endProfile = await startProfile(globals.profile, globals["profile-output"]);
            }
            const options = (await readPreference(globals.kuberc, machine.reading)).defaults.get(path) ?? [];
            const values = withDefaults(written as Record<string, unknown>, spec.flags ?? {}, given, options);
            const flags = withKustomization(values) as FlagValues<F>;
            const code = await run(session, { flags, args, argsAtDash, given });
            if (session.flags["warnings-as-errors"] && session.warnings > 0)
              throw new Error(`${session.warnings} warning${session.warnings > 1 ? "s" : ""} received`);
            return typeof code === "number" ? code : undefined;
          } catch (error) {
            if (error instanceof FlagError) throw error;
            if (error instanceof ExitError && error.message === "") return error.code;
            io.error(`${errorText(error)}\n`);
            return codeOf(error);
          } finally {
            await endProfile();
            await session.close();
          }
        },
      }),
    });
  };
