/**
 * Writes what an archive of a container holds to this machine.
 * Holds: nothing is written outside the place that was named; links are passed over and told of, as they could lead there.
 */
import { createWriteStream } from "node:fs";
import { mkdir } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { extract } from "tar-stream";
import { placeOf } from "./file-spec.ts";

interface Unpacking {
  /** The path that was asked for. */
  readonly source: string;
  readonly destination: string;
  warn(text: string): void;
  /** What to run to have links too. */
  readonly instead: string;
}

export async function unpack(archive: Readable, { source, destination, warn, instead }: Unpacking): Promise<void> {
  const entries = extract();
  const reading = pipeline(archive, entries);
  let hinted = false;
  const write = async () => {
    for await (const entry of entries) {
      const { name, type, linkname } = entry.header;
      const place = placeOf(name, source);
      const path = place === undefined ? "" : join(resolve(destination), place).replace(/(?<=.)\/$/, "");
      if (place === undefined) warn(`warning: file ${JSON.stringify(name)} is outside target destination, skipping`);
      else if (type === "directory") await mkdir(path, { recursive: true, mode: 0o755 });
      else if (type === "symlink" || type === "link") {
        const hint = hinted ? "" : ` (consider using ${JSON.stringify(instead).replaceAll('\\"', '"')})`;
        warn(`warning: skipping symlink: ${JSON.stringify(path)} -> ${JSON.stringify(linkname)}${hint}`);
        hinted = true;
      } else {
        await mkdir(dirname(path), { recursive: true, mode: 0o755 });
        await pipeline(entry, createWriteStream(path));
        continue;
      }
      entry.resume();
    }
  };
  await Promise.all([reading, write()]);
}
