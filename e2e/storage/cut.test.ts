/**
 * The log cut at every byte of its tail: each cut opens with everything that was acknowledged while the log was no longer.
 * The cuts are opened by the log file itself; a sample of them by the whole store, some with noise behind the cut.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { openEmbeddedStorage } from "@kubets/storage";
import { logPath } from "@kubets/storage/embedded/data-folder";
import { LogFile } from "@kubets/storage/embedded/log-file";
import { valueOf } from "./acknowledged.ts";

/** The last transactions, whose every byte is a place to cut. */
const TAIL = 2;

interface Acknowledged {
  readonly key: string;
  readonly revision: number;
  /** How long the log was when the write was acknowledged. */
  readonly length: number;
}

describe("a log that was cut", () => {
  it("has all that was acknowledged before the cut, at every byte of its tail", { timeout: 180_000 }, async (t) => {
    const parent = mkdtempSync(join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "kubets-cut-"));
    t.after(() => rmSync(parent, { recursive: true }));
    const { base, wal, acknowledged } = await written(parent);

    const from = acknowledged.at(-1 - TAIL)?.length ?? 0;
    let cuts = 0;
    for (let length = from; length <= wal.length; length++, cuts++) {
      const file = place(parent, base, wal.subarray(0, length));
      const log = new LogFile(file);
      const found = new Map<string, number>();
      log.load(({ key, revision, value }) => {
        if (value) assert.ok(Buffer.compare(value, valueOf(key, revision)) === 0, `${key} is torn at ${length}`);
        if (value) found.set(key, revision);
      });
      const kept = acknowledged.filter((write) => write.length <= length);
      assert.equal(log.head(), kept.at(-1)?.revision, `cut at ${length}`);
      assert.equal(found.size, kept.length, `cut at ${length}`);
      log.close();
    }

    let sampled = 0;
    for (const { length } of acknowledged.slice(1)) {
      for (const cut of [length - 5000, length - 1, length, length + 1, length + 23, length + 24, length + 500]) {
        const head = wal.subarray(0, cut);
        const noise = sampled % 2 ? Buffer.alloc(wal.length - head.length, sampled) : Buffer.alloc(0);
        place(parent, base, Buffer.concat([head, noise]));
        const storage = await openEmbeddedStorage({ folder: join(parent, "cut") });
        const kept = acknowledged.filter((write) => write.length <= cut);
        assert.equal(await storage.currentRevision(), kept.at(-1)?.revision ?? 1, `cut at ${cut}`);
        for (const { key, revision } of kept) assert.equal((await storage.get(key))?.revision, revision);
        assert.deepEqual(await storage.check(), []);
        await storage.close();
        sampled++;
      }
    }
    t.diagnostic(
      `${cuts} cuts, one at each byte of the last ${TAIL} transactions; ${sampled} more through the whole store, half with noise behind`,
    );
  });
});

/** A store with a few acknowledged writes, none of which has left the write-ahead log. */
async function written(parent: string): Promise<{ base: Buffer; wal: Buffer; acknowledged: Acknowledged[] }> {
  const folder = join(parent, "whole");
  const storage = await openEmbeddedStorage({ folder });
  const acknowledged: Acknowledged[] = [];
  for (let i = 0; i < 8; i++) {
    const key = `/registry/pods/ns/pod-${i}`;
    const result = await storage.commit({ key, value: (revision) => valueOf(key, revision ?? 0) });
    assert.ok(result.ok);
    acknowledged.push({ key, revision: result.revision, length: statSync(`${logPath(folder)}-wal`).size });
  }
  // By another process: closing a descriptor of a locked file in this one would let go of the lock.
  execFileSync("cp", ["-r", folder, join(parent, "copy")]);
  await storage.close();
  const copy = logPath(join(parent, "copy"));
  return { base: readFileSync(copy), wal: readFileSync(`${copy}-wal`), acknowledged };
}

function place(parent: string, base: Buffer, wal: Buffer): string {
  const folder = join(parent, "cut");
  mkdirSync(folder, { recursive: true });
  const file = logPath(folder);
  writeFileSync(file, base);
  writeFileSync(`${file}-wal`, wal);
  return file;
}
