/** What the real kubectl's help tells of itself: its commands, with the flags of each, their letters and defaults. */
import { spawnSync } from "node:child_process";

export interface RealFlag {
  readonly name: string;
  readonly short: string | undefined;
  /** As help writes it: `false`, `''`, `[]`, `30s`. */
  readonly value: string;
}

export interface RealCommand {
  /** "create secret tls"; empty for what every command takes. */
  readonly path: string;
  readonly flags: readonly RealFlag[];
}

/** Every command, and those below it; the global flags come last. */
export function realCommands(kubectl: string): RealCommand[] {
  const run = (args: readonly string[]) => spawnSync(kubectl, args, { encoding: "utf8", timeout: 30_000 }).stdout;
  const help = (path: readonly string[]) => run([...path, "--help"]);
  const below = (path: readonly string[]): RealCommand[] => {
    const text = help(path);
    const commands = namesOf(text, path);
    return [
      ...(path.length > 0 ? [{ path: path.join(" "), flags: flagsOf(text) }] : []),
      ...commands.flatMap((name) => below([...path, name])),
    ];
  };
  return [...below([]), { path: "", flags: flagsOf(run(["options"])) }];
}

function namesOf(text: string, path: readonly string[]): string[] {
  const names: string[] = [];
  let inside = false;
  for (const line of text.split("\n")) {
    if (/^\S.*Commands( \(.*\))?:$/.test(line)) inside = true;
    else if (line === "") inside = false;
    else if (inside && path.length < 3) names.push(...(/^ {2}([a-z-]+) {2,}\S/.exec(line)?.slice(1) ?? []));
  }
  return names;
}

const flagsOf = (text: string): RealFlag[] =>
  [...text.matchAll(/^ {4}(?:-(\w), )?--([\w-]+)=(.*):$/gm)].map(([, short, name = "", value = ""]) => ({
    name,
    short,
    value,
  }));
