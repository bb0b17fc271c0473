/** Starting a program inside a scope; both drivers do it through nsenter, as a thread cannot take on another mount namespace alone. */
import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Scope } from "./driver.ts";
import { enterCommand } from "./enter-command.ts";

export function spawnInside(
  scope: Scope,
  program: string,
  args: readonly string[],
  options: SpawnOptions = {},
): Promise<ChildProcess> {
  const cwd = options.cwd instanceof URL ? fileURLToPath(options.cwd) : options.cwd;
  const line = enterCommand(scope, program, args, { cwd });
  return new Promise((resolve, reject) => {
    const child = spawn(line.program, [...line.args], options);
    child.once("error", reject);
    child.once("spawn", () => {
      child.off("error", reject);
      resolve(child);
    });
  });
}
