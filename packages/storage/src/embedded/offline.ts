/**
 * What is done to a data folder that no storage has open: checking it, and restoring a snapshot into it.
 * Holds: a snapshot is copied, checked and only then takes its place, under its name in one step.
 */
import { closeSync, constants, copyFileSync, existsSync, fsyncSync, openSync, renameSync, rmSync } from "node:fs";
import { FolderLockedError, logPath, makeFolder, syncFolder } from "./data-folder.ts";
import { isBusy, LogFile } from "./log-file.ts";

/** Reads all of a folder's log; answers with what is wrong with it, a line each. */
export function checkDataFolder(folder: string): readonly string[] {
  const log = openIdle(folder, logPath(folder));
  try {
    return log.check();
  } finally {
    log.close();
  }
}

export interface RestoreOptions {
  /**
   * By how much the revision goes on from the snapshot's. With more than was written since the snapshot, clients that saw newer
   * revisions list again instead of seeing old ones twice. History of the snapshot then counts as compacted.
   */
  bumpRevision?: number;
}

/** Makes a data folder from a snapshot; answers with its revision. The folder must not have a log yet. */
export function restoreSnapshot(file: string, folder: string, options: RestoreOptions = {}): number {
  const target = logPath(folder);
  if (existsSync(target))
    throw new Error(`${folder} already has a log: restore into an empty folder, or move it away first`);
  makeFolder(folder);
  const copy = `${target}.restoring`;
  try {
    copyFileSync(file, copy, constants.COPYFILE_FICLONE);
    const log = openIdle(folder, copy);
    let revision: number;
    try {
      const wrong = log.check();
      if (wrong.length > 0) throw new Error(`the snapshot ${file} is damaged: ${wrong[0]}`);
      if (options.bumpRevision) log.bump(options.bumpRevision);
      revision = log.head();
    } finally {
      log.close();
    }
    syncFile(copy);
    renameSync(copy, target);
    syncFolder(folder);
    return revision;
  } finally {
    for (const left of [copy, `${copy}-wal`]) rmSync(left, { force: true });
  }
}

function openIdle(folder: string, file: string): LogFile {
  if (!existsSync(file)) throw new Error(`${folder} has no log: is it the right folder?`);
  try {
    return new LogFile(file);
  } catch (error) {
    throw isBusy(error) ? new FolderLockedError(folder) : error;
  }
}

function syncFile(file: string): void {
  const descriptor = openSync(file, "r+");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
