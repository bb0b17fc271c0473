/** The files of a folder that hold manifests, in the order of their names: neither what stands in folders below, nor files of other kinds. */
import { readdirSync, readFileSync } from "node:fs";
import { extname, join } from "node:path";

export interface ManifestFile {
  readonly path: string;
  readonly text: string;
}

const ENDS = [".yaml", ".yml", ".json"];

/** Throws what the filesystem says. */
export function readFolder(folder: string): ManifestFile[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => !entry.isDirectory() && ENDS.includes(extname(entry.name).toLowerCase()))
    .map(({ name }) => join(folder, name))
    .sort()
    .map((path) => ({ path, text: readFileSync(path, "utf8") }))
    .filter(({ text }) => text !== "");
}
