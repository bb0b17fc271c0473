import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { END_BYTES, LargeBodies, MOST_ON_THEIR_WAY, SLICE_BYTES, SLOW_MS } from "./large-bodies.ts";

/** A client that takes what it is sent when it is told to. */
function client(name: string, log: string[]) {
  const taken: ((error?: Error) => void)[] = [];
  const bytes: Uint8Array[] = [];
  return {
    destroyed: false,
    bytes,
    taken,
    write(slice: Uint8Array, done: (error?: Error | null) => void) {
      log.push(`${name} ${slice.length}`);
      bytes.push(slice);
      taken.push(done);
      return true;
    },
    end(slice: Uint8Array) {
      log.push(`${name} ${slice.length}`, `${name} end`);
      bytes.push(slice);
    },
  };
}
type Client = ReturnType<typeof client>;

const turn = () => new Promise(setImmediate);
const asTransfer = (each: Client) => each as unknown as Parameters<LargeBodies["send"]>[0];

describe("large bodies", () => {
  it("go out in slices, those of several clients in turn", async () => {
    const log: string[] = [];
    const bodies = new LargeBodies(() => 0);
    const [a, b] = [client("a", log), client("b", log)];
    const body = Buffer.alloc(SLICE_BYTES + END_BYTES, "x");
    bodies.send(asTransfer(a), [body]);
    bodies.send(asTransfer(b), [Buffer.from("head"), new Uint8Array(), body]);
    while (log.filter((line) => line.endsWith("end")).length < 2) {
      await turn();
      for (const each of [a, b]) for (const done of each.taken.splice(0)) done();
    }
    assert.deepEqual(log, [
      `a ${SLICE_BYTES}`,
      "b 4",
      `a ${END_BYTES}`,
      "a end",
      `b ${SLICE_BYTES}`,
      `b ${END_BYTES}`,
      "b end",
    ]);
    assert.equal(Buffer.concat(a.bytes).toString(), body.toString());
    assert.equal(Buffer.concat(b.bytes).toString(), `head${body.toString()}`);
  });

  it("end with little, whatever their size", async () => {
    for (const size of [1, END_BYTES, END_BYTES + 1, SLICE_BYTES, 2 * SLICE_BYTES + END_BYTES + 7]) {
      const log: string[] = [];
      const a = client("a", log);
      const body = Buffer.from(Array.from({ length: size }, (_, i) => i % 251));
      new LargeBodies(() => 0).send(asTransfer(a), [body, new Uint8Array()]);
      while (!log.includes("a end")) {
        await turn();
        for (const done of a.taken.splice(0)) done();
      }
      assert.ok((a.bytes.at(-1)?.length ?? 0) <= END_BYTES);
      assert.deepEqual(Buffer.concat(a.bytes), body);
    }
  });

  it("wait for a client that takes nothing, and for nobody else", async () => {
    const log: string[] = [];
    const bodies = new LargeBodies(() => 0);
    const [slow, quick] = [client("slow", log), client("quick", log)];
    for (const each of [slow, quick]) bodies.send(asTransfer(each), [Buffer.alloc(3 * SLICE_BYTES)]);
    while (!log.includes("quick end")) {
      await turn();
      for (const done of quick.taken.splice(0)) done();
    }
    assert.equal(log.filter((line) => line.startsWith("slow")).length, 1);
    slow.destroyed = true;
    slow.taken[0]?.(new Error("gone"));
    await turn();
    assert.equal(log.filter((line) => line.startsWith("slow")).length, 1);
  });

  it("leave the loop to others once a turn has taken its time", async () => {
    const log: string[] = [];
    let now = 0;
    const bodies = new LargeBodies(() => (now += 0.2));
    const clients = Array.from({ length: 20 }, (_, i) => client(String(i), log));
    for (const each of clients) bodies.send(asTransfer(each), [Buffer.alloc(2 * SLICE_BYTES)]);
    await turn();
    assert.ok(log.length >= 1 && log.length <= 3, String(log.length));
    for (let i = 0; i < 30; i++) {
      await turn();
      for (const { taken } of clients) for (const done of taken.splice(0)) done();
    }
    assert.ok(log.length >= 20, String(log.length));
  });

  it("are on their way to a few clients at once, of which slow ones are none", async () => {
    const log: string[] = [];
    let now = 0;
    const bodies = new LargeBodies(() => now);
    const clients = Array.from({ length: 2 * MOST_ON_THEIR_WAY }, (_, i) => client(String(i), log));
    for (const each of clients) bodies.send(asTransfer(each), [Buffer.alloc(2 * SLICE_BYTES)]);
    for (let i = 0; i < 3; i++) await turn();
    assert.equal(log.length, MOST_ON_THEIR_WAY);
    clients[0]?.taken[0]?.();
    await turn();
    assert.equal(log.at(-1), `${MOST_ON_THEIR_WAY} ${SLICE_BYTES}`);
    for (let i = 1; i < 3; i++) {
      now = i * SLOW_MS;
      await new Promise((resolve) => setTimeout(resolve, 2 * SLOW_MS));
      await turn();
    }
    assert.ok(log.length > clients.length, String(log.length));
  });
});
