/** What the kernel logs from now on, and whom it says that it killed because the whole machine, and not a container alone, ran out of memory. */
import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import type { NodeEvent } from "./node-events.ts";

/** Gives what was logged since it was called last; the first time nothing. */
export type KernelLog = () => Promise<string[]>;

/** The longest record is shorter. */
const RECORD_BYTES = 8192;
const SEEK_END = 2;

export function kernelLog(signal: AbortSignal, path = "/dev/kmsg"): KernelLog {
  let file: FileHandle | undefined;
  return async () => {
    const isFirst = file === undefined;
    file ??= await opened(path, signal);
    const buffer = Buffer.alloc(RECORD_BYTES);
    const records: string[] = [];
    for (;;) {
      try {
        const { bytesRead } = await file.read(buffer, 0, RECORD_BYTES, null);
        if (bytesRead === 0) break;
        records.push(buffer.toString("utf8", 0, bytesRead));
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        if (code === "EAGAIN") break;
        // What was to come next has been overwritten.
        if (code !== "EPIPE") throw error;
      }
    }
    return isFirst ? [] : records;
  };
}

async function opened(path: string, signal: AbortSignal): Promise<FileHandle> {
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  signal.addEventListener("abort", () => void file.close());
  await skipWhatIsThere(file);
  return file;
}

/** Without `node:ffi` all of it is read, which takes a fifth of a second of CPU while the node starts. */
async function skipWhatIsThere({ fd }: FileHandle): Promise<void> {
  const ffi = await import("node:ffi").catch(() => undefined);
  ffi?.dlopen(null, { lseek: { arguments: ["i32", "i64", "i32"], return: "i64" } }).functions.lseek(fd, 0n, SEEK_END);
}

export function systemOoms(records: readonly string[]): NodeEvent[] {
  return records.flatMap((record) => {
    const [, process, pid] = /;oom-kill:.*,global_oom,.*task=(.*),pid=(\d+),uid=/.exec(record) ?? [];
    if (pid === undefined) return [];
    const message = `System OOM encountered, victim process: ${process}, pid: ${pid}`;
    return [{ type: "Warning", reason: "SystemOOM", message }];
  });
}
