/**
 * The data folder: which files it has, how it is made, who holds it.
 * Holds: the lock is SQLite's own on the log file, so it ends with its process, however that ends; the file `holder` only
 * names the process for the message to the next one.
 */
import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { dirname, join } from "node:path";

/** The format that this version writes; it reads all up to it. */
export const FORMAT_VERSION = 1;
/** "KUBE", in SQLite's header: this file is a log of this kind. */
export const APPLICATION_ID = 0x4b554245;

export const logPath = (folder: string): string => join(folder, "log.sqlite");
const holderPath = (folder: string) => join(folder, "holder");

/** Makes the folder where it is missing. */
export function makeFolder(folder: string): void {
  if (mkdirSync(folder, { recursive: true, mode: 0o700 }) !== undefined) syncFolder(dirname(folder));
}

/** Makes the folder and an empty log file, readable by their owner alone, where they are missing. */
export function prepareFolder(folder: string): void {
  makeFolder(folder);
  try {
    closeSync(openSync(logPath(folder), "wx", 0o600));
    syncFolder(folder);
  } catch (error) {
    if (!isCode(error, "EEXIST")) throw error;
  }
}

/** How many bytes its files take; one that goes meanwhile counts for nothing. */
export async function folderBytes(folder: string): Promise<number> {
  const sizes = (await readdir(folder)).map((name) =>
    stat(join(folder, name)).then(
      ({ size }) => size,
      () => 0,
    ),
  );
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}

/** Makes a new name in a folder durable. */
export function syncFolder(folder: string): void {
  const descriptor = openSync(folder, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

export function writeHolder(folder: string, pid: number): void {
  writeFileSync(holderPath(folder), `${pid}\n`, { mode: 0o600 });
}

function readHolder(folder: string): string {
  try {
    return readFileSync(holderPath(folder), "utf8").trim();
  } catch {
    return "";
  }
}

export class FolderLockedError extends Error {
  constructor(folder: string) {
    const pid = readHolder(folder);
    const who = pid ? `process ${pid}` : "another process";
    super(`the data folder ${folder} is held by ${who}: stop it, or choose another folder`);
    this.name = "FolderLockedError";
  }
}

export class FormatError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "FormatError";
  }
}

const isCode = (error: unknown, code: string): boolean =>
  error instanceof Error && "code" in error && error.code === code;
