/** The maker of a cluster is killed at several moments; another process, which knows the name and the folder alone, leaves nothing of it. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { realClock } from "@kubets/machinery";
import { leftovers, removeEverything } from "@kubets/sandbox";
import { refusal, testCluster, testLog } from "./machine.ts";

const MAKER = join(import.meta.dirname, "maker.ts");
const forwarding = () => readFile("/proc/sys/net/ipv4/ip_forward", "utf8");

/** "cluster+300" is 300 ms after the line "cluster". */
const MOMENTS = ["+150", "+350", "cluster+100", "cluster+300", "nodes+50", "ready+0"];

describe("a cluster whose maker was killed", { skip: await refusal() }, () => {
  for (const moment of MOMENTS) {
    it(`at ${moment} ms is removed without a rest`, { timeout: 60_000 }, async () => {
      const test = await testCluster("crash");
      const before = await forwarding();
      const { name, folder } = test.place;
      const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", MAKER, name, folder, "uplink"], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      const [line = "", delay] = moment.split("+");
      await said(child, line);
      await wait(Number(delay));
      child.kill("SIGKILL");
      await once(child, "exit");
      if (line) assert.notDeepEqual(await leftovers(test.place), [], "nothing was there to be removed");
      assert.deepEqual(await removeEverything(test.place, { clock: realClock, log: testLog }), []);
      assert.deepEqual(await removeEverything(test.place, { clock: realClock, log: testLog }), []);
      assert.equal(await forwarding(), before);
      await test.removeFolder();
    });
  }
});

async function said(child: ChildProcess, line: string): Promise<void> {
  if (!line || !child.stdout) return;
  let text = "";
  for await (const chunk of child.stdout.iterator({ destroyOnReturn: false })) {
    text += chunk;
    if (text.includes(line)) return;
  }
  throw new Error(`the maker ended before it said ${line}`);
}
