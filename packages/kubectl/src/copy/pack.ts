/** Files of this machine as an archive, under the name that they shall have. */
import { createReadStream } from "node:fs";
import { lstat, readdir, readlink } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { type Pack, pack } from "tar-stream";

export function packed(path: string, name: string): Pack {
  const archive = pack();
  put(archive, path, name).then(
    () => archive.finalize(),
    (error: unknown) => archive.destroy(error as Error),
  );
  return archive;
}

async function put(archive: Pack, path: string, name: string): Promise<void> {
  const info = await lstat(path);
  const header = { name, mode: info.mode & 0o7777, uid: info.uid, gid: info.gid, mtime: info.mtime };
  if (info.isDirectory()) {
    archive.entry({ ...header, type: "directory" });
    for (const each of (await readdir(path)).sort()) await put(archive, join(path, each), `${name}/${each}`);
  } else if (info.isSymbolicLink()) archive.entry({ ...header, type: "symlink", linkname: await readlink(path) });
  else if (info.isFile()) await pipeline(createReadStream(path), archive.entry({ ...header, size: info.size }));
}
