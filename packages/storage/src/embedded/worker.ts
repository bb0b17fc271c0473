/**
 * The thread that owns the log file. It does one thing after the other, in small steps, so that an append waits for no more
 * than one of them. It is an entry of its own: started by file name, not imported.
 */
import { closeSync, openSync, rmSync } from "node:fs";
import { backup } from "node:sqlite";
import { parentPort, workerData } from "node:worker_threads";
import { FormatError, logPath, prepareFolder, writeHolder } from "./data-folder.ts";
import { isBusy, LogFile } from "./log-file.ts";
import type { Answers, Chunk, FromWorker, Question, ToWorker, WorkerData } from "./messages.ts";
import { RecordChunks } from "./records.ts";

/** How much one slice of a read of history looks at, and one step of a sweep. */
const READ_SLICE = { revisions: 2000, bytes: 4 * 2 ** 20 };
const SWEEP_ROWS = 500;
/** Pages that a snapshot copies before other work gets its turn. */
const SNAPSHOT_PAGES = 256;

const port = parentPort ?? refuse("worker.ts runs as a worker thread only");
const { folder, chunkBytes } = workerData as WorkerData;

const say = (message: FromWorker, transfer: ArrayBuffer[] = []) => port.postMessage(message, transfer);

function open(): LogFile | undefined {
  let log: LogFile | undefined;
  try {
    prepareFolder(folder);
    log = new LogFile(logPath(folder));
    writeHolder(folder, process.pid);
    const chunks = new RecordChunks(chunkBytes, (buffer, length) =>
      say({ say: "chunk", chunk: { buffer, length } }, [buffer]),
    );
    log.load((record) => chunks.add(record));
    chunks.flush();
    say({ say: "opened", head: log.head(), floors: log.floors() });
    return log;
  } catch (error) {
    log?.close();
    // Classes do not survive the way to the other thread.
    const cause = isBusy(error) ? "locked" : error instanceof FormatError ? "format" : "other";
    say({ say: "refused", error: asError(error), cause });
    return undefined;
  }
}

const log = open();
if (log) port.on("message", ({ id, question }: ToWorker) => void answer(log, id, question));

async function answer(file: LogFile, id: number, question: Question): Promise<void> {
  const transfer: ArrayBuffer[] = [];
  try {
    // Only a snapshot waits, so that appends go on meanwhile; all else is answered before the next question is read.
    const result = question.ask === "snapshot" ? await snapshot(file, question.file) : work(file, question, transfer);
    say({ say: "answer", id, answer: result }, transfer);
    if (question.ask === "close") port.close();
  } catch (error) {
    say({ say: "failed", id, error: asError(error) });
  }
}

function work(
  file: LogFile,
  question: Exclude<Question, { ask: "snapshot" }>,
  transfer: ArrayBuffer[],
): Answers[Question["ask"]] {
  switch (question.ask) {
    case "append":
      file.append(question.buffer, question.length);
      transfer.push(question.buffer);
      return { buffer: question.buffer };
    case "read": {
      const read: Chunk[] = [];
      const chunks = new RecordChunks(chunkBytes, (buffer, length) => {
        read.push({ buffer, length });
        transfer.push(buffer);
      });
      const upTo = file.readAfter(question.prefix, question.after, question.withValues, READ_SLICE, chunks);
      chunks.flush();
      return { chunks: read, upTo, head: upTo >= file.head() };
    }
    case "sweep":
      return file.sweep(question.floor, SWEEP_ROWS);
    case "vacuum": {
      const left = file.vacuum(question.pages);
      if (left.free === 0 && question.pages > 0) file.checkpoint();
      return left;
    }
    case "check":
      return file.check();
    case "close":
      file.close();
      return undefined;
  }
}

/** A copy of the file that holds at least what was durable when it was asked for. */
async function snapshot(file: LogFile, target: string): Promise<Answers["snapshot"]> {
  // Made here, so that it is new and its owner's alone.
  closeSync(openSync(target, "wx", 0o600));
  try {
    await copy(file, target);
    const made = new LogFile(target);
    const revision = made.head();
    made.db.exec("PRAGMA journal_mode = DELETE");
    made.close();
    return { revision };
  } catch (error) {
    for (const left of [target, `${target}-wal`]) rmSync(left, { force: true });
    throw error;
  }
}

/** Where the first step of a copy meets a commit, Node takes it for the last one, and fails with an error that says it is none. */
async function copy(file: LogFile, target: string, tries = 100): Promise<void> {
  try {
    await backup(file.db, target, { rate: SNAPSHOT_PAGES });
  } catch (error) {
    if ((error as { errcode?: number }).errcode !== 0 || tries === 1) throw error;
    await copy(file, target, tries - 1);
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

function refuse(message: string): never {
  throw new Error(message);
}
