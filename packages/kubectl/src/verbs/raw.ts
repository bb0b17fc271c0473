/** Requests of a path as it is written, with the one file that is given as their body: `create`, `replace` and `delete --raw`. */
import { readFile } from "node:fs/promises";
import { UsageError } from "../errors.ts";
import type { Session } from "../session.ts";
import { text } from "./flags.ts";

export const rawFlag = { raw: text({ help: "A path to send the file to, as it is." }) };

export async function sendRaw(
  session: Session,
  method: "POST" | "PUT" | "DELETE",
  path: string,
  files: readonly string[],
): Promise<void> {
  const [file, ...more] = files;
  if (more.length > 0 || (method !== "DELETE" && !file))
    throw new UsageError("--raw can only use a single local file or stdin");
  if (!path.startsWith("/")) throw new UsageError(`--raw must be a valid URL path: ${path}`);
  const body = file === undefined ? undefined : file === "-" ? await session.stdin() : await readFile(file, "utf8");
  const api = await session.api();
  session.io.output(await api.rest.raw(method, path, body));
}
