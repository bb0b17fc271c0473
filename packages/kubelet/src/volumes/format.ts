/**
 * A file system on a device that has none.
 * Holds: a device that holds anything at all is never written to.
 */
import type { Exec } from "../exec.ts";
import { VolumeError } from "./volume.ts";

const MAKE: Readonly<Record<string, readonly string[]>> = {
  ext3: ["-F", "-m0"],
  ext4: ["-F", "-m0"],
  xfs: ["-f"],
};

export async function formatted(exec: Exec, device: string, fsType: string, readOnly: boolean): Promise<void> {
  const found = await contentOf(exec, device);
  if (found === fsType) return;
  if (found)
    throw new VolumeError(
      `failed to mount the volume as ${JSON.stringify(fsType)}, it already contains ${found}. Mount error: another file system`,
    );
  if (readOnly) throw new VolumeError(`cannot mount unformatted disk ${device} as it is read only`);
  await exec.run([`mkfs.${fsType}`, ...(MAKE[fsType] ?? []), device]);
}

/** The name of its file system, what else is on it, or nothing. */
async function contentOf(exec: Exec, device: string): Promise<string> {
  try {
    const { stdout } = await exec.run(["blkid", "-p", "-s", "TYPE", "-s", "PTTYPE", "-o", "export", device]);
    const words = new Map([...stdout.toString().matchAll(/^(\w+)=(.*)$/gm)].map(([, name, value]) => [name, value]));
    return words.get("TYPE") ?? (words.has("PTTYPE") ? "unknown data, probably partitions" : "");
  } catch (error) {
    // So it says of a device with nothing on it.
    if (/ended with 2\b/.test((error as Error).message)) return "";
    throw error;
  }
}
