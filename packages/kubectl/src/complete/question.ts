/**
 * What a command line that is not finished lacks: the name of a verb, a flag, a flag's value, or an argument. Pure.
 */
import type { Command } from "@kubets/machinery/command";
import type { Flag } from "@kubets/machinery/flags";

export interface Question {
  readonly command: Command;
  /** "rollout status". */
  readonly path: string;
  /** The arguments before the word, without flags. */
  readonly args: readonly string[];
  readonly flags: Readonly<Record<string, string>>;
  /** The word to finish. */
  readonly word: string;
  readonly of: "verb" | "flag" | "value" | "argument";
  /** Whose value is asked for. */
  readonly flag?: string;
}

export function questionOf(root: Command, words: readonly string[]): Question {
  const word = words.at(-1) ?? "";
  const before = words.slice(0, -1);
  let command = root;
  const path: string[] = [];
  const args: string[] = [];
  const flags: Record<string, string> = {};
  let pending: string | undefined;
  for (const [i, each] of before.entries()) {
    if (pending !== undefined) {
      flags[pending] = each;
      pending = undefined;
    } else if (each === "--") {
      args.push(...before.slice(i + 1));
      break;
    } else if (each.startsWith("-") && each.length > 1) {
      const found = flagOf(command, root, each);
      if (!found) continue;
      if (found.value !== undefined) flags[found.name] = found.value;
      else if (found.flag.valueAlone === undefined) pending = found.name;
      else flags[found.name] = found.flag.valueAlone;
    } else {
      const next = args.length === 0 ? below(command, each) : undefined;
      if (!next) args.push(each);
      else {
        command = next;
        path.push(next.name);
      }
    }
  }
  const asked = { command, path: path.join(" "), args, flags };
  if (pending !== undefined) return { ...asked, word, of: "value", flag: pending };
  const [, name, value] = /^(--[^=]+)=(.*)$/s.exec(word) ?? [];
  const written = name && flagOf(command, root, name);
  if (written && value !== undefined) return { ...asked, word: value, of: "value", flag: written.name };
  if (word.startsWith("-")) return { ...asked, word, of: "flag" };
  if (command.subcommands?.length && args.length === 0) return { ...asked, word, of: "verb" };
  return { ...asked, word, of: "argument" };
}

const below = (command: Command, name: string): Command | undefined =>
  command.subcommands?.find((each) => each.name === name || each.aliases?.includes(name));

function flagOf(
  command: Command,
  root: Command,
  written: string,
): { name: string; flag: Flag<unknown>; value?: string } | undefined {
  const all = Object.entries({ ...root.flags, ...command.flags });
  const [, long, value] = /^--([^=]+)(?:=(.*))?$/s.exec(written) ?? [];
  const letter = long === undefined ? written[1] : undefined;
  const found = all.find(([name, flag]) =>
    long === undefined ? flag.short === letter : name === long || flag.aliases?.includes(long),
  );
  if (!found) return undefined;
  const [name, flag] = found;
  if (value !== undefined) return { name, flag, value };
  // `-nx` gives the value behind the letter.
  if (letter !== undefined && written.length > 2 && flag.valueAlone === undefined)
    return { name, flag, value: written.slice(2).replace(/^=/, "") };
  return { name, flag };
}

/** The verbs below the command, in the order of their names. */
export const verbWords = ({ command }: Question): string[] =>
  (command.subcommands ?? [])
    .filter(({ hidden }) => !hidden)
    .map(({ name }) => name)
    .sort();

export const flagWords = ({ command }: Question): string[] =>
  Object.entries(command.flags ?? {})
    .filter(([, { hidden }]) => !hidden)
    .flatMap(([name, { short }]) => [`--${name}`, ...(short ? [`-${short}`] : [])])
    .sort();
