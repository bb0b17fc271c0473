/**
 * What the system calls show: the log is synced before each answer; and a write or a sync that fails, or a full disk, ends the
 * process before any answer that is not true. Failures are injected by strace; a full disk is a small tmpfs (root only).
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { openEmbeddedStorage, STORAGE_FAILED_EXIT_CODE } from "@kubets/storage";
import { HISTORY, Ledger, readOutput } from "./acknowledged.ts";
import { buildWriter, run, type WriterProgram } from "./writer-program.ts";

const noStrace = spawnSync("strace", ["-V"]).error ? "strace is not installed (Debian: apt-get install strace)" : false;
const noMount =
  process.getuid?.() !== 0
    ? "only root can mount a small disk"
    : spawnSync("unshare", ["-m", "true"]).status === 0
      ? false
      : "mount namespaces cannot be made here";

describe("the embedded store and its disk", () => {
  let program: WriterProgram;
  before(async () => {
    program = await buildWriter();
  });
  after(() => program.remove());

  const traced = (folder: string, writers: string, writes: string, ...inject: string[]) => {
    const trace = join(program.folder, "trace");
    const options = ["-f", "-y", "-s", "20", "-o", trace, "-e", "trace=pwrite64,write,fsync,fdatasync", ...inject];
    const { finished } = run("strace", [...options, process.execPath, program.file, folder, writers, writes]);
    return finished.then((result) => ({ ...result, calls: readFileSync(trace, "utf8").split("\n") }));
  };

  it("has synced the log before each acknowledgement", { skip: noStrace, timeout: 60_000 }, async (t) => {
    const { calls, code, errors } = await traced(join(program.folder, "synced"), "1", "50");
    assert.equal(code, 0, errors);
    let unsynced = true;
    let syncs = 0;
    let answers = 0;
    for (const call of calls) {
      if (/\bpwrite64\(.*log\.sqlite-wal>/.test(call)) unsynced = true;
      // A sync counts when it has returned: in one line, or in the line where it is resumed.
      if (/f(data)?sync(\(\d+<[^>]*log\.sqlite-wal>\)| resumed>\)) += 0$/.test(call)) {
        unsynced = false;
        syncs++;
      }
      if (!/\bwrite\(1<[^>]*>, "a /.test(call)) continue;
      answers++;
      assert.ok(!unsynced, `answer ${answers} was given before the log was synced`);
      assert.ok(syncs >= answers, `${syncs} syncs for ${answers} answers`);
    }
    assert.equal(answers, 50);
    t.diagnostic(`${answers} answers, each after the sync of its write (${syncs} syncs of the log)`);
  });

  const failures: Record<string, string> = {
    "a sync that fails": "fsync,fdatasync:error=EIO:when=40+",
    "a write that fails": "pwrite64:error=EIO:when=120+",
    "a write that finds no space": "pwrite64:error=ENOSPC:when=120+",
  };
  for (const [name, inject] of Object.entries(failures)) {
    it(`ends the process before any false answer after ${name}`, { skip: noStrace, timeout: 60_000 }, async (t) => {
      const folder = join(program.folder, name.replaceAll(" ", "-"));
      const { calls, code, output, errors } = await traced(folder, "4", "0", "-e", `inject=${inject}`);
      assert.equal(code, STORAGE_FAILED_EXIT_CODE, errors);
      assert.match(errors, /the log of the data folder cannot be written/);
      const failed = calls.findIndex((call) => call.includes("(INJECTED)"));
      assert.ok(failed > 0);
      const late = calls.slice(failed).filter((call) => /write\(1<[^>]*>, "a /.test(call)).length;
      // Answers of the batch before, whose sync had returned, may be under way in the other thread.
      const answered = await checked(folder, output);
      assert.ok(late <= 4, `${late} answers after the failure`);
      t.diagnostic(
        `${answered} answers, all there; ${late} of them (of an earlier batch) given after the failing call; exit code ${code}`,
      );
    });
  }

  it("ends the process before any false answer when a file may not grow", { timeout: 60_000 }, async (t) => {
    const folder = join(program.folder, "limited");
    const script = `trap '' XFSZ; ulimit -f 2000; exec "$0" "$@"`;
    const { finished } = run("bash", ["-c", script, process.execPath, program.file, folder, "8", "0"]);
    const { code, output, errors } = await finished;
    assert.equal(code, STORAGE_FAILED_EXIT_CODE, errors);
    t.diagnostic(`${await checked(folder, output)} answers, all there; exit code ${code}`);
  });

  it("ends the process before any false answer when the disk is full", {
    skip: noMount,
    timeout: 60_000,
  }, async (t) => {
    const disk = join(program.folder, "disk");
    const kept = join(program.folder, "kept");
    // The mount lives in a namespace of its own, which ends with the script: nothing is left behind.
    const script = `mkdir "$3" "$4" && mount -t tmpfs -o size=4m none "$3" && "$1" "$2" "$3" 8 0; code=$?; cp "$3"/* "$4" && exit $code`;
    const { finished } = run("unshare", ["-m", "sh", "-c", script, "sh", process.execPath, program.file, disk, kept]);
    const { code, output, errors } = await finished;
    assert.equal(code, STORAGE_FAILED_EXIT_CODE, errors);
    t.diagnostic(`${await checked(kept, output)} answers, all there; exit code ${code}`);
  });
});

async function checked(folder: string, output: string): Promise<number> {
  const { acknowledged, watched } = readOutput(output);
  assert.ok(acknowledged.length > 0, "nothing was written before the failure: the test shows nothing");
  const ledger = new Ledger();
  const storage = await openEmbeddedStorage({ folder, history: HISTORY.all });
  await ledger.check(storage, acknowledged, watched);
  assert.deepEqual(await storage.check(), []);
  await storage.close();
  return ledger.count;
}
