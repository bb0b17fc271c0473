/**
 * A kernel setting of the host that several clusters may want (`net.ipv4.ip_forward`): the first one changes it, the last one puts it back.
 * Holds: what it was before is written down before it is changed; a setting that already was as wanted stays as it is for good.
 */
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type ClusterPlace, sharedFolder } from "./place.ts";

const settingFile = (name: string): string => join("/proc/sys", name);
const BEFORE = ".before";

/** True when it had to be changed. */
export async function holdSetting(place: ClusterPlace, name: string, value: string): Promise<boolean> {
  const folder = join(sharedFolder(place), name.replaceAll("/", "."));
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const before = (await readFile(settingFile(name), "utf8")).trim();
  // Whoever comes first writes it; a second one finds the file and leaves it.
  await writeFile(join(folder, BEFORE), before, { flag: "wx" }).catch(unless("EEXIST"));
  await writeFile(join(folder, place.name), "");
  if (before === value) return false;
  await writeFile(settingFile(name), value);
  return true;
}

export async function releaseSettings(place: ClusterPlace): Promise<void> {
  for (const name of await names(place)) {
    const folder = join(sharedFolder(place), name);
    await rm(join(folder, place.name), { force: true });
    if ((await readdir(folder)).some((holder) => holder !== BEFORE)) continue;
    const before = await readFile(join(folder, BEFORE), "utf8").catch(() => "");
    if (before) await writeFile(settingFile(name.replaceAll(".", "/")), before);
    await rm(folder, { recursive: true, force: true });
  }
  const shared = sharedFolder(place);
  if ((await names(place)).length === 0) await rm(shared, { recursive: true, force: true });
}

/** The settings that this cluster still holds. */
export async function heldSettings(place: ClusterPlace): Promise<string[]> {
  const held: string[] = [];
  for (const name of await names(place)) {
    if ((await readdir(join(sharedFolder(place), name))).includes(place.name)) held.push(name);
  }
  return held;
}

const names = (place: ClusterPlace): Promise<string[]> => readdir(sharedFolder(place)).catch(() => []);

function unless(code: string): (error: NodeJS.ErrnoException) => void {
  return (error) => {
    if (error.code !== code) throw error;
  };
}
