/**
 * The embedded store on its own: durable writes a second and CPU for each, by number of writers; and how long 150,000 objects
 * take to open, to list, and what they cost in memory. `node bench/storage.ts [folder]`; the folder decides on which disk.
 * Opening is measured in a process of its own, which is given the filled folder.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type EmbeddedStorage, openEmbeddedStorage } from "@kubets/storage";

const [parent = tmpdir(), filledFolder] = process.argv.slice(2);
const SECONDS = 2;
const OBJECTS = 150_000;

const value = (size: number): Uint8Array => new Uint8Array(size).fill(120);

async function writes(storage: EmbeddedStorage, writers: number): Promise<void> {
  const end = performance.now() + SECONDS * 1000;
  const cpu = process.cpuUsage();
  const start = performance.now();
  let done = 0;
  const latencies: number[] = [];
  const writer = async (id: number) => {
    for (let i = 0; performance.now() < end; i++) {
      const begin = performance.now();
      await storage.commit({ key: `/registry/pods/bench-${writers}/${id}-${i % 100}`, value: () => value(2048) });
      latencies.push(performance.now() - begin);
      done++;
    }
  };
  await Promise.all(Array.from({ length: writers }, (_, id) => writer(id)));
  const elapsed = performance.now() - start;
  const { user, system } = process.cpuUsage(cpu);
  latencies.sort((a, b) => a - b);
  const at = (part: number) => (latencies[Math.floor(latencies.length * part)] ?? 0).toFixed(2);
  console.log(
    `${String(writers).padStart(4)} writers  ${String(Math.round((done / elapsed) * 1000)).padStart(7)} writes/s  ` +
      `${((user + system) / done).toFixed(1).padStart(6)} us CPU a write  p50 ${at(0.5)} ms  p99 ${at(0.99)} ms`,
  );
}

async function fill(storage: EmbeddedStorage): Promise<void> {
  for (let from = 0; from < OBJECTS; from += 1000) {
    await Promise.all(
      Array.from({ length: 1000 }, (_, i) =>
        storage.commit({
          key: `/registry/pods/namespace-${(from + i) % 300}/pod-${String((from + i) * 7919).slice(-9)}`,
          value: () => value(1024 + (((from + i) * 31) % 1024)),
        }),
      ),
    );
  }
}

const megabytes = (bytes: number) => `${Math.round(bytes / 2 ** 20)} MB`;

async function open(folder: string): Promise<void> {
  const rss = process.memoryUsage().rss;
  const cpu = process.cpuUsage();
  let start = performance.now();
  const storage = await openEmbeddedStorage({ folder });
  const { user, system } = process.cpuUsage(cpu);
  console.log(
    `open ${OBJECTS} objects: ${Math.round(performance.now() - start)} ms, ${Math.round((user + system) / 1000)} ms CPU, ` +
      `${megabytes(process.memoryUsage().rss - rss)} more memory`,
  );
  start = performance.now();
  const page = await storage.list("/registry/pods/namespace-7/");
  console.log(`list a namespace of ${page.entries.length}: ${(performance.now() - start).toFixed(2)} ms`);
  start = performance.now();
  await storage.list("/registry/pods/");
  console.log(`list all: ${(performance.now() - start).toFixed(1)} ms`);
  await storage.close();
}

async function all(): Promise<void> {
  const folder = mkdtempSync(join(parent, "kubets-bench-"));
  try {
    const start = performance.now();
    const storage = await openEmbeddedStorage({ folder: join(folder, "writes") });
    console.log(`open an empty folder: ${(performance.now() - start).toFixed(1)} ms`);
    for (const writers of [1, 32, 256]) await writes(storage, writers);
    await storage.close();
    const filled = await openEmbeddedStorage({ folder: join(folder, "open") });
    await fill(filled);
    await filled.close();
    spawnSync(process.execPath, [fileURLToPath(import.meta.url), parent, join(folder, "open")], { stdio: "inherit" });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

await (filledFolder ? open(filledFolder) : all());
