/** The resolv.conf of a node: the host's, without servers that only the host itself reaches. */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { parseIp } from "@kubets/machinery";

/** systemd-resolved's list of the real servers stands before the file that names itself. */
const SOURCES = ["/run/systemd/resolve/resolv.conf", "/etc/resolv.conf"];

export function nodeResolver(text: string): string {
  const lines = text.split("\n").filter((line) => {
    const [word, value = ""] = line.trim().split(/\s+/);
    return word === "nameserver"
      ? parseIp(value)?.isLoopback() === false
      : word === "search" || word === "options" || word === "domain";
  });
  return lines.map((line) => `${line.trim()}\n`).join("");
}

export async function readNodeResolver(): Promise<string> {
  const source = SOURCES.find((path) => existsSync(path));
  return source ? nodeResolver(await readFile(source, "utf8")) : "";
}
