/** What an ended container left as its message: the file that it wrote, or the end of its log, where its policy says so. */
import { join } from "node:path";
import type { Pod } from "@kubets/api/generated/types/core-v1";
import type { Disk } from "../disk/disk.ts";
import { lastLines } from "../logs/last-lines.ts";
import { type KubeletPaths, podLogFolder } from "../paths.ts";
import { TERMINATION_MESSAGE_PATH, TERMINATION_MESSAGE_POLICY } from "../runtime/names.ts";
import type { ContainerRecord } from "./runtime-state.ts";

const LONGEST_MESSAGE = 4096;
const LONGEST_FROM_LOG = 2048;
const MOST_LINES = 80;

export async function lastWords(pod: Pod, record: ContainerRecord, disk: Disk, paths: KubeletPaths): Promise<string> {
  const path = record.mounts[record.annotations[TERMINATION_MESSAGE_PATH] || "/dev/termination-log"];
  const written = path ? await disk.readAt(path, 0, LONGEST_MESSAGE).catch(() => undefined) : undefined;
  if (written && written.length > 0) return written.toString();
  const fallsBack = record.annotations[TERMINATION_MESSAGE_POLICY] === "FallbackToLogsOnError" && record.exitCode !== 0;
  if (!fallsBack) return "";
  const log = record.logPath || join(podLogFolder(paths, pod), record.name, `${record.attempt}.log`);
  return await lastLines(disk, log, MOST_LINES, LONGEST_FROM_LOG);
}
