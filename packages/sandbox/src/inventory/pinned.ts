/** The ids of namespaces ("net:[4026532500]") that are mounted on files below a folder. */
import { stat } from "node:fs/promises";
import { mountsBelow, readMounts } from "../namespaces/mounts.ts";

export async function pinnedNamespaces(folder: string): Promise<Set<string>> {
  const ids = new Set<string>();
  for (const { path, type } of mountsBelow(await readMounts(), folder)) {
    const kind = path.slice(path.lastIndexOf("/") + 1);
    if (type === "nsfs") ids.add(`${kind}:[${(await stat(path)).ino}]`);
  }
  return ids;
}
