/**
 * The text of `--help`: what a command does, examples, subcommands, and its flags under their headings.
 */
import type { Flag } from "./flag-types.ts";
import type { FlagSet } from "./flags.ts";

interface HelpTopic {
  readonly usage: string;
  readonly summary: string;
  readonly description?: string;
  readonly examples?: readonly string[];
  readonly subcommands?: ReadonlyArray<{ readonly name: string; readonly summary: string }>;
  readonly flags?: FlagSet;
}

const WIDTH = 100;

export function helpText(topic: HelpTopic): string {
  const parts = [topic.description ?? topic.summary];
  if (topic.examples?.length)
    parts.push(
      section(
        "Examples",
        topic.examples.flatMap((text) => text.split("\n")),
      ),
    );
  if (topic.subcommands?.length)
    parts.push(section("Commands", columns(topic.subcommands.map((c) => [c.name, c.summary]))));
  parts.push(...flagSections(topic.flags ?? {}));
  parts.push(section("Usage", [topic.usage]));
  return `${parts.join("\n\n")}\n`;
}

const section = (title: string, lines: readonly string[]): string =>
  `${title}:\n${lines.map((line) => (line ? `  ${line}` : "")).join("\n")}`;

function flagSections(flags: FlagSet): string[] {
  const groups = new Map<string, Array<[string, string]>>();
  for (const [name, flag] of Object.entries(flags)) {
    if (flag.hidden || flag.deprecated) continue;
    const title = flag.group ? `${flag.group} flags` : "Flags";
    groups.set(title, [...(groups.get(title) ?? []), [flagLabel(name, flag), flagHelp(flag)]]);
  }
  return [...groups].map(([title, rows]) => section(title, columns(rows)));
}

const flagLabel = (name: string, flag: Flag<unknown>): string =>
  `${flag.short ? `-${flag.short}, ` : "    "}--${name}${flag.placeholder && flag.valueAlone === undefined ? ` ${flag.placeholder}` : ""}`;

const flagHelp = (flag: Flag<unknown>): string =>
  flag.help + (flag.required ? " (required)" : flag.defaultText ? ` (default ${flag.defaultText})` : "");

/** Two columns; the second is wrapped, and begins on a line of its own where the first is long. */
function columns(rows: ReadonlyArray<readonly [string, string]>): string[] {
  const width = Math.min(40, Math.max(...rows.map(([left]) => left.length)));
  const margin = " ".repeat(width + 2);
  return rows.flatMap(([left, right]) => {
    const lines = wrap(right, WIDTH - width - 4);
    if (left.length > width) return [left, ...lines.map((line) => margin + line)];
    return lines.map((line, i) => (i === 0 ? `${left.padEnd(width)}  ${line}` : margin + line));
  });
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line ? `${line} ${word}` : word;
  }
  return [...lines, line];
}
