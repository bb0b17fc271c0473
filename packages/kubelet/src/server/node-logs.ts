/** The files below the machine's folder of logs, as `/logs/` shows them: a folder as links, a file as it is. Nothing outside of the folder is shown. */
import { join, normalize } from "node:path";
import type { Disk } from "../disk/disk.ts";

type NodeLog = { readonly page: string } | { readonly file: Buffer };

/** Undefined when there is no such file. */
export async function nodeLog(disk: Disk, root: string, path: string): Promise<NodeLog | undefined> {
  const at = join(root, normalize(`/${path}`));
  const [real, top] = [await disk.realPath(at), await disk.realPath(root)];
  if (real !== top && !real.startsWith(`${top}/`)) return undefined;
  const found = await disk.stat(real);
  if (found?.kind === "file") return { file: await disk.readFile(real) };
  if (found?.kind !== "folder") return undefined;
  const names = await Promise.all(
    (await disk.list(real)).toSorted().map(async (name) => {
      const below = await disk.stat(join(real, name));
      return below?.kind === "folder" ? `${name}/` : name;
    }),
  );
  const links = names.map((name) => `<a href="${encodeURI(name)}">${escapeHtml(name)}</a>`);
  return {
    page: `<!doctype html>\n<meta name="viewport" content="width=device-width">\n<pre>\n${links.join("\n")}\n</pre>\n`,
  };
}

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&#34;" };
const escapeHtml = (text: string): string => text.replace(/[&<>"]/g, (sign) => ENTITIES[sign] as string);
