import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom, silentLogger, VirtualClock } from "@kubets/machinery";
import { MemoryDisk } from "../disk/memory-disk.ts";
import { SimulatedRuntime } from "../runtime/simulated/runtime.ts";
import { ImageCollector } from "./image-gc.ts";

const MINUTE = 60_000;

interface Having {
  readonly imageMinimumAgeMs?: number;
  readonly imageMaximumAgeMs?: number;
  readonly full?: boolean;
  readonly byHandler?: boolean;
}

function having(config: Having) {
  const clock = new VirtualClock();
  const disk = new MemoryDisk();
  const runtime = new SimulatedRuntime({ clock, random: seededRandom(1), disk, images: ["a:1", "b:1"] });
  const used = new Set<string>();
  const warnings: string[] = [];
  const images = new ImageCollector({
    runtime,
    disk: Object.assign(disk, {
      space: async () => ({ totalBytes: 100, freeBytes: config.full ? 1 : 90, inodes: 1, inodesFree: 1 }),
    }),
    clock,
    log: silentLogger,
    byHandler: config.byHandler ?? false,
    folder: "/",
    inUse: () => used,
    config: { imageGcHighPercent: 85, imageGcLowPercent: 80, imageMinimumAgeMs: 0, imageMaximumAgeMs: 0, ...config },
    warn: (reason, message) => warnings.push(`${reason}: ${message}`),
  });
  const names = async () => (await runtime.listImages()).flatMap(({ tags }) => tags).sort();
  return { clock, images, used, names, runtime, warnings };
}

test("an image unused for longer than the maximum age goes, though the disk has room", async () => {
  const { clock, images, used, names } = having({ imageMaximumAgeMs: 10 * MINUTE });
  used.add("a:1");
  assert.equal(await images.collect(), false);
  await clock.advance(11 * MINUTE);
  assert.equal(await images.collect(), true);
  assert.deepEqual(await names(), ["a:1"]);
  used.clear();
  await clock.advance(9 * MINUTE);
  await images.collect();
  assert.deepEqual(await names(), ["a:1"]);
  await clock.advance(2 * MINUTE);
  await images.collect();
  assert.deepEqual(await names(), []);
});

test("on a full disk an image that just came stays, unless everything is to go", async () => {
  const { clock, images, used, names, warnings } = having({ imageMinimumAgeMs: 2 * MINUTE, full: true });
  assert.equal(await images.collect(), false);
  assert.deepEqual(warnings, [
    "FreeDiskSpaceFailed: Failed to garbage collect required amount of images. Attempted to free 19 bytes, but only found 0 bytes eligible to free.",
  ]);
  assert.deepEqual(await names(), ["a:1", "b:1"]);
  used.add("b:1");
  await clock.advance(2 * MINUTE);
  await images.collect();
  assert.deepEqual(await names(), ["b:1"]);
  used.clear();
  await images.collect({ all: true });
  assert.deepEqual(await names(), []);
});

test("a runtime that cannot tell its images is warned of", async () => {
  const { images, runtime, warnings } = having({});
  runtime.listImages = async () => Promise.reject(new Error("no answer"));
  await assert.rejects(images.collect(), /no answer/);
  assert.deepEqual(warnings, ["ImageGCFailed: no answer"]);
});

for (const [byHandler, left] of [
  [true, [undefined]],
  [false, [undefined, "kata"]],
] as const)
  test(`an image in use ${byHandler ? "goes for handlers that do not use it" : "is in use for every handler"}`, async () => {
    const { images, runtime, used } = having({ byHandler });
    for (const handler of ["", "kata"]) await runtime.pullImage("c:1", undefined, undefined, handler);
    used.add("c:1");
    await images.collect({ all: true });
    const there = (await runtime.listImages()).map(({ tags: [tag], handler }) => [tag, handler]);
    assert.deepEqual(
      there,
      left.map((handler) => ["c:1", handler]),
    );
  });
