/**
 * Reads a container's log: its end, what came since a time, with times, and on as it grows.
 * Holds: a line that the runtime cut comes out as one; when the file was moved aside it is read to its end, and the new one from its beginning.
 */
import { basename, dirname, join } from "node:path";
import { type Clock, sleep } from "@kubets/machinery";
import { parseTime } from "@kubets/machinery/time";
import type { Disk } from "../disk/disk.ts";
import { type LogLine, parseLogLine } from "./cri-line.ts";

export interface LogOptions {
  readonly follow: boolean;
  readonly timestamps: boolean;
  readonly tailLines?: number;
  readonly limitBytes?: number;
  /** Milliseconds since 1970. */
  readonly since?: number;
  readonly stream: "All" | "Stdout" | "Stderr";
}

interface LogSource {
  readonly disk: Disk;
  readonly clock: Clock;
  readonly path: string;
  /** Whether the container may still write. */
  isRunning(): boolean;
  readonly signal: AbortSignal;
}

const CHUNK = 64 * 1024;
const POLL_MS = 200;
const LINE_FEED = 0x0a;

export async function* readLog(source: LogSource, options: LogOptions): AsyncGenerator<Buffer> {
  let left = options.limitBytes ?? Number.POSITIVE_INFINITY;
  for await (const { line, time } of lines(source, options)) {
    if (options.since !== undefined && parseTime(time) < options.since) continue;
    const out = line.length > left ? line.subarray(0, left) : line;
    left -= out.length;
    if (out.length > 0) yield out;
    if (left <= 0) return;
  }
}

async function* lines(source: LogSource, options: LogOptions): AsyncGenerator<{ line: Buffer; time: string }> {
  let begun = false;
  for await (const raw of rawLines(source, options)) {
    const parsed = parseLogLine(raw);
    if (!parsed || !wanted(parsed, options)) continue;
    const time = options.timestamps && !begun ? Buffer.from(`${parsed.time} `) : Buffer.alloc(0);
    begun = parsed.partial;
    yield {
      time: parsed.time,
      line: Buffer.concat([time, parsed.text, parsed.partial ? Buffer.alloc(0) : Buffer.of(LINE_FEED)]),
    };
  }
}

const wanted = ({ stream }: LogLine, options: LogOptions): boolean =>
  options.stream === "All" || stream === options.stream.toLowerCase();

async function* rawLines(
  { disk, clock, path, isRunning, signal }: LogSource,
  { follow, tailLines }: LogOptions,
): AsyncGenerator<Buffer> {
  let file = path;
  let entry = await disk.stat(path);
  let offset = entry && tailLines !== undefined ? await tailOffset(disk, path, entry.size, tailLines) : 0;
  let rest = Buffer.alloc(0);
  while (!signal.aborted) {
    const mayGrow = follow && isRunning();
    const chunk = entry ? await disk.readAt(file, offset, CHUNK).catch(() => Buffer.alloc(0)) : Buffer.alloc(0);
    if (chunk.length > 0) {
      offset += chunk.length;
      const joined = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk;
      let from = 0;
      for (let end = joined.indexOf(LINE_FEED); end >= 0; end = joined.indexOf(LINE_FEED, from)) {
        yield joined.subarray(from, end);
        from = end + 1;
      }
      rest = Buffer.from(joined.subarray(from));
      continue;
    }
    const now = await disk.stat(path);
    const isNew = now && entry && (now.inode !== entry.inode || now.size < offset);
    const aside = isNew && file === path ? await movedAside(disk, path, entry?.inode) : undefined;
    if (aside) file = aside;
    else if (isNew || file !== path) {
      file = path;
      entry = now;
      offset = 0;
      rest = Buffer.alloc(0);
    }
    if (isNew) continue;
    // Between its moving aside and the new one there is none.
    entry ??= now;
    if (!mayGrow) return;
    await sleep(clock, POLL_MS, signal).catch(() => {});
  }
}

/** The file that was at this path, if it lies beside it now. */
async function movedAside(disk: Disk, path: string, inode: number | undefined): Promise<string | undefined> {
  for (const name of await disk.list(dirname(path))) {
    const each = join(dirname(path), name);
    if (name.startsWith(`${basename(path)}.`) && (await disk.stat(each))?.inode === inode) return each;
  }
  return undefined;
}

/** Where the last so many lines begin. */
async function tailOffset(disk: Disk, path: string, size: number, count: number): Promise<number> {
  if (count <= 0) return size;
  let found = 0;
  for (let end = size; end > 0; ) {
    const from = Math.max(0, end - CHUNK);
    const chunk = await disk.readAt(path, from, end - from);
    for (let at = chunk.length - 1; at >= 0; at--) {
      // The line feed at the very end closes the last line.
      if (chunk[at] === LINE_FEED && from + at + 1 < size && ++found === count) return from + at + 1;
    }
    end = from;
  }
  return 0;
}
