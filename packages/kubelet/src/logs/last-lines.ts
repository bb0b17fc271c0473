/** The end of a log as text: at most so many lines and bytes. */
import type { Disk } from "../disk/disk.ts";
import { parseLogLine } from "./cri-line.ts";

/** A line is at most this much longer in the file than its text. */
const OVERHEAD = 64;

export async function lastLines(disk: Disk, path: string, lines: number, bytes: number): Promise<string> {
  const entry = await disk.stat(path);
  if (!entry) return "";
  const from = Math.max(0, entry.size - bytes - lines * OVERHEAD);
  const content = await disk.readAt(path, from, entry.size - from);
  const texts: string[] = [];
  for (const line of splitLines(content)) {
    const parsed = parseLogLine(line);
    if (parsed) texts.push(parsed.text.toString() + (parsed.partial ? "" : "\n"));
  }
  const text = texts.slice(-lines).join("");
  return Buffer.from(text).subarray(-bytes).toString();
}

function* splitLines(content: Buffer): Generator<Buffer> {
  let from = 0;
  for (let end = content.indexOf(0x0a); end >= 0; end = content.indexOf(0x0a, from)) {
    yield content.subarray(from, end);
    from = end + 1;
  }
}
