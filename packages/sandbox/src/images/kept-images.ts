/** The archive of the local images, made once and kept. */
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { writeArchive } from "./commands.ts";
import { DEMO_IMAGE, makeLocalImages, PAUSE_IMAGE } from "./local-images.ts";

export async function keptLocalImages(busybox: string, folder: string): Promise<{ file: string; names: string[] }> {
  const file = join(folder, "local.tar");
  const names = [PAUSE_IMAGE, DEMO_IMAGE];
  if (existsSync(file)) return { file, names };
  await mkdir(folder, { recursive: true });
  const scratch = await mkdtemp(join(folder, "make-"));
  try {
    await writeArchive(await makeLocalImages(busybox, scratch), join(scratch, "local.tar"));
    await rename(join(scratch, "local.tar"), file);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
  return { file, names };
}
