/**
 * The log on disk: one SQLite file in WAL mode, a row a write. Used by the worker thread, and without one to check and restore.
 * Holds: rows are appended, and deleted only below a floor; what `append` returned from is on the disk (synchronous=FULL);
 * for every key the newest row at or below each floor stays, unless it is a delete.
 */
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { crc32 } from "node:zlib";
import { prefixRange } from "../sorted-index.ts";
import { APPLICATION_ID, FORMAT_VERSION, FormatError } from "./data-folder.ts";
import { type LogRecord, RecordChunks, readRecords } from "./records.ts";

/** History under `prefix` before `revision` is gone, or going; rows up to `swept` have been looked at. */
export interface Floor {
  readonly prefix: string;
  readonly revision: number;
  readonly swept: number;
}

type Row = [
  revision: number,
  created: number,
  previous: number,
  at: number,
  ttl: number,
  key: string,
  value: Uint8Array | null,
];

const COLUMNS = "revision, created, previous, at, ttl, key, value";
const SCHEMA = `
  CREATE TABLE log (
    revision INTEGER PRIMARY KEY, created INTEGER NOT NULL, previous INTEGER NOT NULL, at INTEGER NOT NULL, ttl INTEGER NOT NULL,
    sum INTEGER NOT NULL, key TEXT NOT NULL, value BLOB
  );
  CREATE TABLE floors (prefix TEXT PRIMARY KEY, revision INTEGER NOT NULL, swept INTEGER NOT NULL) WITHOUT ROWID;
`;
/** SQLite's answer when another process holds the file. */
const SQLITE_BUSY = 5;
/** The revision of a store to which nothing was written. */
const FIRST_REVISION = 1;

/** Whether an error of node:sqlite says that someone else holds the file. */
export const isBusy = (error: unknown): boolean =>
  error instanceof Error && "errcode" in error && error.errcode === SQLITE_BUSY;

/** SQLite's answers "database disk image is malformed" and "file is not a database". */
const isDamage = (error: unknown): error is Error =>
  error instanceof Error && "errcode" in error && (error.errcode === 11 || error.errcode === 26);

export class LogFile {
  readonly db: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  /** Opens and locks the file; makes the tables in an empty one; refuses what it does not know. */
  constructor(path: string) {
    this.db = new DatabaseSync(path, { timeout: 0 });
    try {
      this.db.exec("PRAGMA locking_mode = EXCLUSIVE");
      this.#format(path);
      this.db.exec(
        "PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 512; PRAGMA fullfsync = 1; PRAGMA cache_size = -2048; PRAGMA journal_size_limit = 16777216",
      );
      // The first write transaction takes the lock for as long as the file is open.
      this.db.exec("BEGIN IMMEDIATE; COMMIT");
    } catch (error) {
      this.db.close();
      throw isDamage(error)
        ? new FormatError(`${path} is damaged (${error.message}): restore the newest snapshot into a new data folder`)
        : error;
    }
  }

  #format(path: string): void {
    const version = this.pragma("user_version");
    const application = this.pragma("application_id");
    if (version === 0 && application === 0 && this.pragma("schema_version") === 0) {
      this.db.exec("PRAGMA page_size = 16384; PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL");
      this.db.exec(
        `BEGIN; ${SCHEMA} PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${FORMAT_VERSION}; COMMIT`,
      );
      return;
    }
    if (application !== APPLICATION_ID)
      throw new FormatError(`${path} is not a log of Kubets: choose another data folder`);
    if (version > FORMAT_VERSION) {
      throw new FormatError(
        `${path} has format ${version}, and this version of Kubets knows formats up to ${FORMAT_VERSION}: start the newer version that wrote it`,
      );
    }
    this.db.exec("PRAGMA journal_mode = WAL");
  }

  pragma(name: string): number {
    const row = this.db.prepare(`PRAGMA ${name}`).get();
    return Number(Object.values(row ?? {})[0] ?? 0);
  }

  /** The newest revision. */
  head(): number {
    const [row] = this.#all<[number | null, number | null]>(
      "SELECT (SELECT max(revision) FROM log), (SELECT max(revision) FROM floors)",
    );
    return Math.max(row?.[0] ?? 0, row?.[1] ?? 0, FIRST_REVISION);
  }

  floors(): Floor[] {
    return this.#all<[string, number, number]>("SELECT prefix, revision, swept FROM floors").map(
      ([prefix, revision, swept]) => ({
        prefix,
        revision,
        swept,
      }),
    );
  }

  /** Appends records in one transaction that is durable on return. */
  append(buffer: ArrayBuffer, length: number): void {
    const insert = this.#statement(`INSERT INTO log (sum, ${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`);
    this.transaction(() =>
      readRecords(buffer, length, ({ revision, created, previous, at, ttl, key, value }) =>
        insert.run(checksum(key, value ?? null), revision, created, previous, at, ttl, key, value ?? null),
      ),
    );
  }

  /**
   * Hands on every row, the newest first. Only rows that are the present state of a key come with their value; of those
   * that history alone keeps, `created` is the revision that replaced them.
   */
  load(each: (record: LogRecord) => void): void {
    const replacedBy = new Map<number, number>();
    let expected = Number.POSITIVE_INFINITY;
    for (const row of this.#iterate<[...Row, sum: number]>(`SELECT ${COLUMNS}, sum FROM log ORDER BY revision DESC`)) {
      const [revision, created, previous, at, ttl, key, value, sum] = row;
      if (!(revision < expected && previous < revision && created <= revision) || checksum(key, value) !== sum)
        throw damaged(revision);
      expected = revision;
      if (previous > 0) replacedBy.set(previous, revision);
      const replaced = replacedBy.get(revision);
      if (replaced !== undefined) {
        replacedBy.delete(revision);
        each({
          revision,
          created: replaced,
          previous,
          at,
          ttl,
          key,
          value: undefined,
          withheldBytes: value?.length ?? 0,
        });
      } else each({ revision, created, previous, at, ttl, key, value });
    }
  }

  /**
   * One slice of the changes under a prefix after a revision, each change followed by the row that it replaced (if any).
   * Answers up to where it looked.
   */
  readAfter(
    prefix: string,
    after: number,
    withValues: boolean,
    slice: { revisions: number; bytes: number },
    into: RecordChunks,
  ): number {
    const head = this.head();
    const [next] = this.#all<[number | null]>("SELECT min(revision) FROM log WHERE revision > ?", after);
    if (next?.[0] == null) return head;
    const last = next[0] + slice.revisions;
    const { from, to } = prefixRange(prefix);
    const rows = this.#iterate<[...Row, ...(Row | [null])]>(
      `SELECT l.revision, l.created, l.previous, l.at, l.ttl, l.key, l.value, p.revision, p.created, p.previous, p.at, p.ttl, p.key, p.value
       FROM log l LEFT JOIN log p ON p.revision = l.previous
       WHERE l.revision > ? AND l.revision <= ? AND l.key >= ? AND l.key < ? ORDER BY l.revision`,
      after,
      last,
      from,
      to ?? "\u{10ffff}",
    );
    let bytes = 0;
    for (const row of rows) {
      const change = record(row.slice(0, 7) as Row);
      into.add(withValues || change.value === null ? change : { ...change, value: undefined });
      if (change.previous > 0) {
        if (row[7] === null) throw damaged(change.previous);
        into.add(record(row.slice(7) as Row));
      }
      bytes += (row[6]?.length ?? 0) + (row[13]?.length ?? 0);
      if (bytes > slice.bytes) return change.revision;
    }
    return Math.min(last, head);
  }

  /** One step of letting go of the history under a floor: looks at up to `rows` rows. Answers with the floor as it is then. */
  sweep(floor: Floor, rows: number): Floor {
    const { from, to } = prefixRange(floor.prefix);
    let swept = floor.revision;
    this.transaction(() => {
      const found = this.#all<[number, number, number]>(
        `SELECT revision, previous, value IS NULL FROM log
         WHERE revision > ? AND revision <= ? AND key >= ? AND key < ? ORDER BY revision LIMIT ?`,
        floor.swept,
        floor.revision,
        from,
        to ?? "\u{10ffff}",
        rows,
      );
      const drop = this.#statement("DELETE FROM log WHERE revision = ?");
      for (const [revision, previous, deleted] of found) {
        if (previous > 0) drop.run(previous);
        if (deleted) drop.run(revision);
      }
      if (found.length === rows) swept = found.at(-1)?.[0] ?? swept;
      this.#statement("INSERT OR REPLACE INTO floors (prefix, revision, swept) VALUES (?, ?, ?)").run(
        floor.prefix,
        floor.revision,
        swept,
      );
    });
    return { ...floor, swept };
  }

  /** Gives up to `pages` free pages back to the file system; answers how many are left, and how large the file is, in pages. */
  vacuum(pages: number): { free: number; total: number } {
    if (pages > 0) this.db.exec(`PRAGMA incremental_vacuum(${pages})`);
    return { free: this.pragma("freelist_count"), total: this.pragma("page_count") };
  }

  /** Moves what the WAL holds into the file, and empties it. */
  checkpoint(): void {
    this.db.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  }

  /** Lets the revision go on from further up; all history counts as compacted. */
  bump(by: number): void {
    const revision = this.head() + by;
    this.#statement("INSERT OR REPLACE INTO floors (prefix, revision, swept) VALUES ('', ?, 0)").run(revision);
  }

  /** What is wrong with the file, a line each; nothing when it is sound. */
  check(): string[] {
    const wrong = this.#all<[string]>("PRAGMA integrity_check").flatMap(([line]) => (line === "ok" ? [] : [line]));
    if (wrong.length > 0) return wrong;
    const newest = new Map<string, number>();
    for (const [revision, created, previous, , , key, value, sum] of this.#iterate<[...Row, number]>(
      `SELECT ${COLUMNS}, sum FROM log ORDER BY revision`,
    )) {
      const before = newest.get(key) ?? 0;
      if (checksum(key, value) !== sum)
        wrong.push(`revision ${revision} of ${key}: its bytes do not match their checksum`);
      if (before > 0 && previous !== before)
        wrong.push(`revision ${revision} of ${key} replaces ${previous}, but ${before} stands there`);
      if (created > revision || (value !== null && previous === 0 && created !== revision)) {
        wrong.push(`revision ${revision} of ${key} says that it was created at ${created}`);
      }
      if (value === null) newest.delete(key);
      else newest.set(key, revision);
    }
    return wrong;
  }

  transaction(work: () => void): void {
    this.#statement("BEGIN").run();
    try {
      work();
      this.#statement("COMMIT").run();
    } catch (error) {
      if (this.db.isTransaction) this.#statement("ROLLBACK").run();
      throw error;
    }
  }

  close(): void {
    this.#statements.clear();
    this.db.close();
  }

  #statement(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (!statement) {
      statement = this.db.prepare(sql);
      statement.setReturnArrays(true);
      this.#statements.set(sql, statement);
    }
    return statement;
  }

  #all<T>(sql: string, ...parameters: (string | number)[]): T[] {
    return this.#statement(sql).all(...parameters) as unknown as T[];
  }

  #iterate<T>(sql: string, ...parameters: (string | number)[]): Iterable<T> {
    return this.#statement(sql).iterate(...parameters) as unknown as Iterable<T>;
  }
}

const record = ([revision, created, previous, at, ttl, key, value]: Row): LogRecord => ({
  revision,
  created,
  previous,
  at,
  ttl,
  key,
  value,
});

const checksum = (key: string, value: Uint8Array | null): number =>
  value === null ? crc32(key) : crc32(value, crc32(key));

const damaged = (revision: number) =>
  new Error(`the log is damaged at revision ${revision}: restore the newest snapshot into a new data folder`);
