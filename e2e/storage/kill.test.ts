/** `kill -9` at random moments, also while the store opens: nothing acknowledged is lost, and nothing is made up. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { statSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { openEmbeddedStorage } from "@kubets/storage";
import { logPath } from "@kubets/storage/embedded/data-folder";
import { type Acknowledged, HISTORY, Ledger, readOutput } from "./acknowledged.ts";
import { buildWriter, run, type WriterProgram } from "./writer-program.ts";

const KILLS = Number(process.env.KUBETS_KILLS ?? 200);
const SWEEP_KILLS = Math.ceil(KILLS / 8);
/** One kill in so many comes while the store opens (or before); the others so long after it is open. */
const OPENING = 5;
const OPENING_MS = 150;
const WRITING_MS = 60;
/** Checking takes a while, so several kills are checked together; each child opens what the last one left. */
const CHECKED_TOGETHER = 4;

describe("an embedded store whose process is killed", () => {
  let program: WriterProgram;
  before(async () => {
    program = await buildWriter();
  });
  after(() => program.remove());

  it(`has all that was acknowledged after each of ${KILLS} kills`, { timeout: 180_000 }, async (t) => {
    const folder = join(program.folder, "killed");
    const ledger = new Ledger();
    const acknowledged: Acknowledged[] = [];
    let watched = 0;
    let whileOpening = 0;
    for (let kill = 1; kill <= KILLS; kill++) {
      const { child, finished } = run(process.execPath, [program.file, folder, "16"]);
      if (kill % OPENING === 0) await wait(Math.random() * OPENING_MS);
      else {
        await once(child.stdout ?? assert.fail("no output"), "data");
        await wait(Math.random() * WRITING_MS);
      }
      child.kill("SIGKILL");
      const { output, errors, signal } = await finished;
      assert.equal(signal, "SIGKILL", errors);
      const told = readOutput(output);
      if (!told.ready) whileOpening++;
      acknowledged.push(...told.acknowledged);
      watched = Math.max(watched, told.watched);
      if (kill % CHECKED_TOGETHER !== 0 && kill !== KILLS) continue;

      const storage = await openEmbeddedStorage({ folder, history: HISTORY.all });
      await ledger.check(storage, acknowledged.splice(0), watched);
      if (kill === KILLS) assert.deepEqual(await storage.check(), []);
      await storage.close();
    }
    assert.ok(ledger.count > KILLS, "hardly anything was written: the test shows nothing");
    t.diagnostic(
      `${KILLS} kills, ${whileOpening} of them before the store was open; ${ledger.count} acknowledged writes, all there`,
    );
  });

  it(`has the same while history is swept and space given back, after ${SWEEP_KILLS} kills`, {
    timeout: 120_000,
  }, async (t) => {
    const folder = join(program.folder, "swept");
    const ledger = new Ledger();
    let largest = 0;
    for (let kill = 1; kill <= SWEEP_KILLS; kill++) {
      const { child, finished } = run(process.execPath, [program.file, folder, "8", "0", "little"]);
      await once(child.stdout ?? assert.fail("no output"), "data");
      await wait(Math.random() * 3 * WRITING_MS);
      child.kill("SIGKILL");
      const { acknowledged, watched } = readOutput((await finished).output);
      const storage = await openEmbeddedStorage({ folder, history: HISTORY.all });
      await ledger.checkPresent(storage, acknowledged, watched);
      assert.deepEqual(await storage.check(), []);
      await storage.close();
      largest = Math.max(largest, statSync(logPath(folder)).size);
    }
    t.diagnostic(
      `${SWEEP_KILLS} kills, ${ledger.count} acknowledged writes of 2 KB; the file was never above ${Math.round(largest / 1024)} KB`,
    );
  });
});
