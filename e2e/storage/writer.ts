/**
 * A process that writes to an embedded store until it is killed, and says on standard output what it was told is done:
 * `a KEY REVISION put|delete` for each acknowledged write, `w REVISION` for what its watcher has seen.
 * Arguments: the data folder, the number of concurrent writers, of writes for each (0: without end), and how much history is
 * kept: "all", or "little", so that it is swept and vacuumed all the time.
 * Holds: a line is written, not buffered, before the writer goes on; values say which write they are, in every part.
 */
import { writeSync } from "node:fs";
import { openEmbeddedStorage } from "@kubets/storage";
import { HISTORY, valueOf } from "./acknowledged.ts";

const [folder = "", writers = "1", writes = "0", history = "all"] = process.argv.slice(2);
const say = (line: string) => void writeSync(1, `${line}\n`);

const storage = await openEmbeddedStorage({ folder, history: HISTORY[history as keyof typeof HISTORY] });
say("ready");
storage.watch("/registry/", await storage.currentRevision(), {
  changes: (_, upTo) => say(`w ${upTo}`),
  closed: () => {},
});
if (history === "little") void compactAlways();
await Promise.all(Array.from({ length: Number(writers) }, (_, id) => write(id)));
await storage.close();

async function write(id: number): Promise<void> {
  for (let i = 0; Number(writes) === 0 || i < Number(writes); i++) {
    const key = `/registry/pods/ns-${id % 3}/pod-${id}-${i % 5}`;
    const kind = i % 11 === 10 ? "delete" : "put";
    const current = await storage.get(key);
    const result = await storage.commit({
      key,
      expect: current?.revision ?? 0,
      value: kind === "delete" ? null : (revision) => valueOf(key, revision ?? 0),
    });
    if (result.ok) say(`a ${key} ${result.revision} ${kind}`);
    else if (current || kind === "put")
      throw new Error(`${key} has one writer, and yet it lost: ${JSON.stringify(result.current)}`);
  }
}

async function compactAlways(): Promise<never> {
  for (;;) await storage.compact(await storage.currentRevision());
}
