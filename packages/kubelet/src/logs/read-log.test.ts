import assert from "node:assert/strict";
import { test } from "node:test";
import { VirtualClock } from "@kubets/machinery";
import { MemoryDisk } from "../disk/memory-disk.ts";
import { lastLines } from "./last-lines.ts";
import { type LogOptions, readLog } from "./read-log.ts";

const CONTENT = [
  "2026-01-01T00:00:00.000000001Z stdout F one",
  "2026-01-01T00:00:01.000000001Z stdout P two, ",
  "2026-01-01T00:00:02.000000001Z stdout F and on",
  "2026-01-01T00:00:03.000000001Z stderr F three",
  "",
].join("\n");

async function logged(options: Partial<LogOptions>): Promise<string> {
  const disk = new MemoryDisk();
  await disk.makeFolder("/log");
  await disk.writeFile("/log/0.log", CONTENT);
  const source = {
    disk,
    clock: new VirtualClock(),
    path: "/log/0.log",
    isRunning: () => false,
    signal: new AbortController().signal,
  };
  let text = "";
  for await (const chunk of readLog(source, { follow: false, timestamps: false, stream: "All", ...options }))
    text += chunk.toString();
  return text;
}

test("logs by every option", async () => {
  assert.equal(await logged({}), "one\ntwo, and on\nthree\n");
  assert.equal(await logged({ tailLines: 1 }), "three\n");
  assert.equal(await logged({ tailLines: 0 }), "");
  assert.equal(await logged({ tailLines: 99 }), "one\ntwo, and on\nthree\n");
  assert.equal(await logged({ limitBytes: 5 }), "one\nt");
  assert.equal(await logged({ stream: "Stderr" }), "three\n");
  assert.equal(await logged({ since: Date.UTC(2026, 0, 1, 0, 0, 3) }), "three\n");
  assert.equal(await logged({ timestamps: true, tailLines: 1 }), "2026-01-01T00:00:03.000000001Z three\n");
});

/** A log that somebody follows until its container has ended. */
function following(disk: MemoryDisk, clock: VirtualClock) {
  let running = true;
  let text = "";
  const source = { disk, clock, path: "/log/0.log", isRunning: () => running, signal: new AbortController().signal };
  const reading = (async () => {
    for await (const chunk of readLog(source, { follow: true, timestamps: false, stream: "All" }))
      text += chunk.toString();
  })();
  return {
    text: () => text,
    async end() {
      running = false;
      await clock.advance(500);
      await reading;
    },
  };
}

test("follows a log as it grows, until the container has ended", async () => {
  const disk = new MemoryDisk();
  const clock = new VirtualClock();
  await disk.makeFolder("/log");
  await disk.writeFile("/log/0.log", "2026-01-01T00:00:00Z stdout F one\n");
  const log = following(disk, clock);
  await clock.advance(500);
  assert.equal(log.text(), "one\n");
  await disk.appendFile("/log/0.log", "2026-01-01T00:00:01Z stdout F two\n");
  await clock.advance(500);
  assert.equal(log.text(), "one\ntwo\n");
  await log.end();
});

test("who follows a log that is rotated misses nothing and sees nothing twice", async () => {
  const disk = new MemoryDisk();
  const clock = new VirtualClock();
  await disk.makeFolder("/log");
  const say = (text: string, path = "/log/0.log") => disk.appendFile(path, `2026-01-01T00:00:00Z stdout F ${text}\n`);
  await say("one");
  const log = following(disk, clock);
  await clock.advance(500);
  await say("two");
  await disk.rename("/log/0.log", "/log/0.log.20260101-000000");
  await clock.advance(500);
  await say("three", "/log/0.log.20260101-000000");
  await say("four");
  await clock.advance(500);
  assert.equal(log.text(), "one\ntwo\nthree\nfour\n");
  await say("five");
  await clock.advance(500);
  await log.end();
  assert.equal(log.text(), "one\ntwo\nthree\nfour\nfive\n");
});

test("the last lines, as an ended container's message", async () => {
  const disk = new MemoryDisk();
  await disk.writeFile("/0.log", CONTENT);
  assert.equal(await lastLines(disk, "/0.log", 80, 2048), "one\ntwo, and on\nthree\n");
  assert.equal(await lastLines(disk, "/0.log", 1, 2048), "three\n");
  assert.equal(await lastLines(disk, "/0.log", 80, 4), "ree\n");
  assert.equal(await lastLines(disk, "/none.log", 80, 4), "");
});
