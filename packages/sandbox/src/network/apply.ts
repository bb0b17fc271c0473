/** Carries planned lines out: `ip -batch` and `nft -f`, inside a scope. */
import { run, tryRun } from "../namespaces/collect.ts";
import type { Scope } from "../namespaces/driver.ts";

/** All lines as one; stops at the first that fails, and throws. */
export async function applyLines(scope: Scope, lines: readonly string[]): Promise<void> {
  if (lines.length === 0) return;
  await run("ip", ["-batch", "-"], { scope: onlyNet(scope), input: `${lines.join("\n")}\n` });
}

/** Goes on past lines that fail; for removing what may be gone. */
export async function applyWhatWorks(scope: Scope, lines: readonly string[]): Promise<void> {
  if (lines.length > 0)
    await tryRun("ip", ["-force", "-batch", "-"], { scope: onlyNet(scope), input: `${lines.join("\n")}\n` });
}

export async function applyRules(scope: Scope, rules: string): Promise<void> {
  await run("nft", ["-f", "-"], { scope: onlyNet(scope), input: rules });
}

/** Sets kernel settings of a network namespace (or the host's); gives those that could not be set. */
export async function setSysctls(scope: Scope, settings: Readonly<Record<string, string>>): Promise<string[]> {
  const script = 'while [ $# -gt 0 ]; do (echo "$2" > "/proc/sys/$1") 2>/dev/null || echo "$1"; shift 2; done';
  const pairs = Object.entries(settings).flatMap(([name, value]) => [name, value]);
  const said = await run("/bin/sh", ["-c", script, "sh", ...pairs], { scope: onlyNet(scope) });
  return said.split("\n").filter(Boolean);
}

const onlyNet = ({ net }: Scope): Scope => (net ? { net } : {});
