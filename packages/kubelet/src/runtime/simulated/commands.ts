/**
 * What a container of a simulated node does, read off its command: `sleep`, `exit`, `echo`, `true`, `false` and `[ ]`, alone or in a script of
 * `sh -c` with `;`, `&&`, `||` and variables. Whoever runs anything else runs until it is stopped.
 */
import type { ContainerConfig } from "../runtime.ts";
import type { Course, SimulatedResult } from "./script.ts";

type Env = ReadonlyMap<string, string>;

/** Undefined: until it is stopped. */
export function courseOf({
  command,
  args,
  envs,
}: Partial<Pick<ContainerConfig, "command" | "args" | "envs">>): Course | undefined {
  const env: Env = new Map((envs ?? []).map(({ key = "", value }) => [key, Buffer.from(value ?? []).toString()]));
  const words = [...(command ?? []), ...(args ?? [])];
  const [shell = "", flag, script] = words;
  if (/^(\/bin\/)?(ba|a)?sh$/.test(shell) && flag === "-c" && script !== undefined) return runScript(script, env);
  return KNOWN.has(shell) ? runScript(words.map((word) => `'${word}'`).join(" "), env) : undefined;
}

/** What a command prints, and how it ends; undefined: it is none of those. */
export function resultOf(given: Pick<ContainerConfig, "command" | "envs">): SimulatedResult | undefined {
  const course = courseOf(given);
  return (
    course && {
      exitCode: course.exitCode ?? 0,
      stdout: (course.log ?? []).map(({ text }) => `${text}\n`).join(""),
    }
  );
}

const KNOWN: ReadonlySet<string> = new Set(["sleep", "exit", "echo", "true", "false", ":", "["]);

function runScript(script: string, env: Env): Course | undefined {
  const log: { atMs: number; text: string }[] = [];
  let [atMs, status, skipping] = [0, 0, false];
  for (const { words, before } of statements(script, env)) {
    if (before === "&&") skipping = status !== 0;
    else if (before === "||") skipping = status === 0;
    else skipping = false;
    if (skipping) continue;
    const [name = "", ...rest] = words;
    if (!KNOWN.has(name)) return undefined;
    if (name === "exit") return { exitAfterMs: atMs, exitCode: Number(rest[0] ?? status) & 255, log };
    if (name === "sleep") atMs += seconds(rest[0]) * 1000;
    if (name === "echo") log.push({ atMs, text: rest.join(" ") });
    status = name === "false" || (name === "[" && !holds(rest)) ? 1 : 0;
  }
  return { exitAfterMs: atMs, exitCode: status, log };
}

interface Statement {
  readonly words: readonly string[];
  /** What stands before it. */
  readonly before: string;
}

const TOKEN = /&&|\|\||[;\n]|(?:'[^']*'|"[^"]*"|[^\s;&|'"])+/g;

function statements(script: string, env: Env): Statement[] {
  const all: { words: string[]; before: string }[] = [{ words: [], before: ";" }];
  for (const [token] of script.matchAll(TOKEN))
    if (["&&", "||", ";", "\n"].includes(token)) all.push({ words: [], before: token });
    else all.at(-1)?.words.push(expanded(token, env));
  return all.filter(({ words }) => words.length > 0);
}

/** Without its quotes, with the values of its variables where those are not in single quotes. */
const expanded = (token: string, env: Env): string =>
  token.replaceAll(
    /'([^']*)'|"([^"]*)"|([^'"]+)/g,
    (_, single?: string, double?: string, bare?: string) =>
      single ?? (double ?? bare ?? "").replaceAll(/\$\{?(\w+)\}?/g, (_all, name: string) => env.get(name) ?? ""),
  );

function holds(words: readonly string[]): boolean {
  const [left = "", operator, right = ""] = words;
  if (operator === "-eq") return Number(left) === Number(right);
  if (operator === "-ne") return Number(left) !== Number(right);
  return operator === "!=" ? left !== right : left === right;
}

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };
const LONGEST_SECONDS = 1e6;

function seconds(text = "0"): number {
  const [, count, unit = "s"] = /^([\d.]+)([smhd])?$/.exec(text) ?? [];
  return Math.min(count === undefined ? LONGEST_SECONDS : Number(count) * (UNITS[unit] ?? 1), LONGEST_SECONDS);
}
