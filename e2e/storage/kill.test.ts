/** `kill -9` at random moments, also while the store opens: nothing acknowledged is lost, and nothing is made up. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { openEmbeddedStorage } from "@kubets/storage";
import { Ledger, readOutput } from "./acknowledged.ts";
import { buildWriter, run, type WriterProgram } from "./writer-program.ts";

const KILLS = Number(process.env.KUBETS_KILLS ?? 200);
/** A child that lives so long at most has opened the store and written for a while; one that lives least, neither. */
const LIVES_MS = { least: 20, most: 220 };

describe("an embedded store whose process is killed", () => {
  let program: WriterProgram;
  before(async () => {
    program = await buildWriter();
  });
  after(() => program.remove());

  it(`has all that was acknowledged after each of ${KILLS} kills`, { timeout: 180_000 }, async (t) => {
    const folder = join(program.folder, "killed");
    const ledger = new Ledger();
    let whileOpening = 0;
    for (let kill = 0; kill < KILLS; kill++) {
      const { child, finished } = run(process.execPath, [program.file, folder, "16"]);
      await wait(LIVES_MS.least + Math.random() * (LIVES_MS.most - LIVES_MS.least));
      child.kill("SIGKILL");
      const { output, errors, signal } = await finished;
      assert.equal(signal, "SIGKILL", errors);
      const { acknowledged, watched, ready } = readOutput(output);
      if (!ready) whileOpening++;
      // Opening takes a while, so several kills are checked together; the next child opens what the last one left.
      if (kill % 4 !== 3 && acknowledged.length === 0) continue;
      const storage = await openEmbeddedStorage({ folder, history: { keep: "forever", short: [] } });
      await ledger.check(storage, acknowledged, watched);
      if (kill === KILLS - 1) assert.deepEqual(await storage.check(), []);
      await storage.close();
    }
    assert.ok(ledger.count > KILLS, "hardly anything was written: the test shows nothing");
    t.diagnostic(
      `${KILLS} kills, ${whileOpening} of them before the store was open; ${ledger.count} acknowledged writes, all there`,
    );
  });
});
