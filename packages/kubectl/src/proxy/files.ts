/** Static files of one folder, for pages that talk to the proxy. Holds: nothing outside the folder is served. */
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import type { ServerResponse } from "node:http";
import { extname, join, normalize } from "node:path";

const TYPES: Readonly<Record<string, string>> = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".svg": "image/svg+xml",
  ".txt": "text/plain; charset=utf-8",
};

export async function serveFile(folder: string, path: string, to: ServerResponse): Promise<void> {
  // An absolute path loses its leading ".." when it is made normal.
  let found = join(folder, normalize(`/${decoded(path)}`));
  let info = await stat(found).catch(() => undefined);
  if (info?.isDirectory()) {
    found = join(found, "index.html");
    info = await stat(found).catch(() => undefined);
  }
  if (!info?.isFile()) return void to.writeHead(404, { "content-type": "text/plain" }).end("404 page not found\n");
  const type = TYPES[extname(found)] ?? "application/octet-stream";
  to.writeHead(200, { "content-type": type, "content-length": info.size });
  createReadStream(found)
    .on("error", () => to.destroy())
    .pipe(to);
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
