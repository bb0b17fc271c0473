/** Keeps container logs small: a full one is moved aside and the runtime begins a new one; the oldest go, all but the newest are packed. */
import { basename, dirname, join } from "node:path";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import type { Logger } from "@kubets/machinery";
import type { Disk } from "../disk/disk.ts";
import type { RuntimeCache } from "../pod-workers/runtime-cache.ts";
import type { Runtime } from "../runtime/runtime.ts";

interface RotateOptions {
  readonly runtime: Runtime;
  readonly disk: Disk;
  readonly log: Logger;
  readonly cache: RuntimeCache;
  readonly maxBytes: number;
  readonly maxFiles: number;
  readonly now: number;
}

const pack = promisify(gzip);

export async function rotateLogs(options: RotateOptions): Promise<void> {
  const { cache, disk, maxBytes, log } = options;
  for (const [, { containers }] of cache.all()) {
    for (const { id, phase, logPath } of containers) {
      if (phase !== "running" || !logPath) continue;
      const entry = await disk.stat(logPath);
      if (!entry || entry.size < maxBytes) continue;
      await rotate(id, logPath, options).catch((error: unknown) =>
        log.warn("a log could not be rotated", { logPath, error }),
      );
    }
  }
}

async function rotate(id: string, path: string, { disk, runtime, maxFiles, now }: RotateOptions): Promise<void> {
  const folder = dirname(path);
  const name = basename(path);
  const old = (await disk.list(folder)).filter((each) => each.startsWith(`${name}.`)).sort();
  for (const each of old.splice(0, Math.max(0, old.length - (maxFiles - 2)))) await disk.remove(join(folder, each));
  for (const each of old) {
    if (each.endsWith(".gz")) continue;
    await disk.writeFile(join(folder, `${each}.gz`), await pack(await disk.readFile(join(folder, each))));
    await disk.remove(join(folder, each));
  }
  const stamp = new Date(now).toISOString().slice(0, 19).replace(/[-:]/g, "").replace("T", "-");
  await disk.rename(path, `${path}.${stamp}`);
  try {
    await runtime.reopenLog(id);
  } catch (error) {
    await disk.rename(`${path}.${stamp}`, path);
    throw error;
  }
}
