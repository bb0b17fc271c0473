/**
 * Plugins: programs called kubectl-NAME in the PATH, each a verb of its own.
 * Holds: what the command line knows itself is never a plugin's.
 */
import { access, constants, readdir } from "node:fs/promises";
import { basename, delimiter, join } from "node:path";

type Env = Readonly<Record<string, string | undefined>>;

const PREFIX = "kubectl-";

const foldersOf = (env: Env): string[] => [
  ...new Set((env.PATH ?? "").split(delimiter).filter((path) => path.trim() !== "")),
];

const isExecutable = (path: string): Promise<boolean> =>
  access(path, constants.X_OK).then(
    () => true,
    () => false,
  );

/** The program that the words before the first flag name, as many of them as can be; and the words that are left to it. */
export async function findPlugin(
  args: readonly string[],
  env: Env,
): Promise<{ path: string; rest: string[] } | undefined> {
  const end = args.findIndex((arg) => arg.startsWith("-"));
  const words = (end < 0 ? args : args.slice(0, end)).map((word) => word.replaceAll("-", "_"));
  for (let count = words.length; count > 0; count--) {
    const name = PREFIX + words.slice(0, count).join("-");
    for (const folder of foldersOf(env)) {
      const path = join(folder, name);
      if (!name.includes("/") && (await isExecutable(path))) return { path, rest: args.slice(count) };
    }
  }
  return undefined;
}

interface Listed {
  readonly path: string;
  readonly warnings: readonly string[];
}

export async function listPlugins(env: Env, isKnown: (words: readonly string[]) => boolean): Promise<Listed[]> {
  const found: Listed[] = [];
  const first = new Map<string, string>();
  for (const folder of foldersOf(env))
    for (const name of (await readdir(folder).catch((): string[] => [])).sort()) {
      if (!name.startsWith(PREFIX)) continue;
      const path = join(folder, name);
      const warnings: string[] = [];
      const words = basename(path).slice(PREFIX.length).split("-");
      if (isKnown(words))
        warnings.push(`${name} overwrites existing command: ${JSON.stringify(`kubectl ${words.join(" ")}`)}`);
      if (!(await isExecutable(path)))
        warnings.push(`${path} identified as a kubectl plugin, but it is not executable`);
      const other = first.get(name);
      if (other !== undefined) warnings.push(`${path} is overshadowed by a similarly named plugin: ${other}`);
      else first.set(name, path);
      found.push({ path, warnings });
    }
  return found;
}
