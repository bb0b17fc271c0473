/**
 * The objects in files: YAML or JSON, several in one file, folders, standard input; lists are taken apart.
 * Holds: in the order of the names given, of a folder the order of its file names.
 */
import { readdir, readFile, stat } from "node:fs/promises";
import { extname, join } from "node:path";
import { asError, UsageError } from "../errors.ts";
import { kustomize } from "../kustomize/build.ts";
import { type FileObject, objectsIn } from "./documents.ts";

/** What stands before the name of a folder whose kustomization is meant. */
export const KUSTOMIZATION = "kustomize:";

const EXTENSIONS = new Set([".json", ".yaml", ".yml"]);

export async function readObjects(
  names: readonly string[],
  { recursive, stdin }: { recursive: boolean; stdin: () => Promise<string> },
): Promise<FileObject[]> {
  const objects: FileObject[] = [];
  for (const name of names) {
    if (name.startsWith(KUSTOMIZATION)) {
      const folder = name.slice(KUSTOMIZATION.length);
      for (const object of await kustomize(folder)) objects.push({ object, source: folder });
    } else if (name === "-") objects.push(...objectsIn(await stdin(), "STDIN"));
    else if (/^https?:\/\//.test(name)) objects.push(...objectsIn(await fetched(name), name));
    else
      for (const path of await filesAt(name, recursive)) objects.push(...objectsIn(await readFile(path, "utf8"), path));
  }
  return objects;
}

async function fetched(url: string): Promise<string> {
  const response = await fetch(url).catch((error: unknown) => {
    throw new UsageError(`unable to read URL ${JSON.stringify(url)}: ${causeOf(error)}`);
  });
  if (!response.ok)
    throw new UsageError(
      `unable to read URL ${JSON.stringify(url)}, server reported ${response.status} ${response.statusText}, status code=${response.status}`,
    );
  return response.text();
}

/** What lies under a failed fetch. */
const causeOf = (error: unknown): string => asError((error as { cause?: unknown }).cause ?? error).message;

async function filesAt(name: string, recursive: boolean): Promise<string[]> {
  const found = await stat(name).catch(() => undefined);
  if (!found) throw new UsageError(`the path ${JSON.stringify(name)} does not exist`);
  if (!found.isDirectory()) return [name];
  const entries = (await readdir(name, { withFileTypes: true })).sort((a, b) => (a.name < b.name ? -1 : 1));
  const files: string[] = [];
  for (const entry of entries) {
    const path = join(name, entry.name);
    if (entry.isDirectory() && recursive) files.push(...(await filesAt(path, true)));
    else if (!entry.isDirectory() && EXTENSIONS.has(extname(entry.name))) files.push(path);
  }
  return files;
}
