/** What went over the interfaces of a network namespace, read through one of the processes in it. */
import { readFile } from "node:fs/promises";

export interface InterfaceUsage {
  readonly name: string;
  readonly rxBytes: number;
  readonly rxErrors: number;
  readonly txBytes: number;
  readonly txErrors: number;
}

export async function readInterfaces(pid: number | "self"): Promise<InterfaceUsage[]> {
  const text = await readFile(`/proc/${pid}/net/dev`, "utf8").catch(() => "");
  return parseInterfaces(text).filter(({ name }) => name !== "lo");
}

/** The kernel's table has two lines of titles; receiving fills eight columns, sending eight more. */
export const parseInterfaces = (text: string): InterfaceUsage[] =>
  text
    .split("\n")
    .slice(2)
    .flatMap((line) => {
      const [name, numbers] = line.split(":");
      if (!name || numbers === undefined) return [];
      const [rxBytes = 0, , rxErrors = 0, , , , , , txBytes = 0, , txErrors = 0] = numbers
        .trim()
        .split(/\s+/)
        .map(Number);
      return [{ name: name.trim(), rxBytes, rxErrors, txBytes, txErrors }];
    });
