/**
 * Preloaded into a program of the bundle that the build runs: when it ends, V8 is asked once more for the code of each file, which is then that of all
 * functions that have run; Node itself asks when a file is loaded, and gets little. The files are those of Node's cache, by its format.
 * Holds: what is not as expected is left as Node made it. Uses what Node has for its own tests, so the build alone may.
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { isMainThread } from "node:worker_threads";
import { crc32 } from "node:zlib";
import { COMPILED_CODE } from "../packages/kubets/src/compiled-code.ts";

/** Of an entry's head: how long source and code are, and their checksums, behind a number that says what it is. */
const SOURCE_LENGTH = 4;
const CODE_LENGTH = 8;
const SOURCE_SUM = 12;
const CODE_SUM = 16;
const HEAD = 20;

interface Binding {
  readonly ModuleWrap: new (
    url: string,
    context: undefined,
    source: string,
    line: number,
    column: number,
    loader: symbol,
  ) => { createCachedData(): Buffer };
  readonly source_text_module_default_hdo: symbol;
}

if (isMainThread) process.once("exit", () => keepCode(join(process.argv[1] as string, "..")));

function keepCode(dist: string): void {
  const sources = new Map<string, { url: string; text: string }>();
  for (const file of readdirSync(dist))
    if (file.endsWith(".js")) {
      const source = readFileSync(join(dist, file));
      const url = pathToFileURL(join(dist, file)).href;
      sources.set(`${source.length} ${crc32(source)}`, { url, text: source.toString() });
    }
  const folder = join(dist, COMPILED_CODE);
  for (const file of readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())) {
    const path = join(file.parentPath, file.name);
    const entry = readFileSync(path);
    const source = sources.get(`${entry.readUInt32LE(SOURCE_LENGTH)} ${entry.readUInt32LE(SOURCE_SUM)}`);
    const code = source && codeOf(source);
    if (!code || code.length <= entry.length - HEAD) continue;
    entry.writeUInt32LE(code.length, CODE_LENGTH);
    entry.writeUInt32LE(crc32(code), CODE_SUM);
    writeFileSync(path, Buffer.concat([entry.subarray(0, HEAD), code]));
  }
}

/** V8 knows a text that it has compiled for a loader, and does not do so again. */
function codeOf({ url, text }: { url: string; text: string }): Buffer {
  const { internalBinding } = createRequire(import.meta.url)("internal/test/binding") as {
    internalBinding(name: string): Binding;
  };
  const { ModuleWrap } = internalBinding("module_wrap");
  const loader = internalBinding("symbols").source_text_module_default_hdo;
  return new ModuleWrap(url, undefined, text, 0, 0, loader).createCachedData();
}
