/** Where a bearer token comes from: fixed, or a file that someone renews (a pod's mounted token). */
import { readFile } from "node:fs/promises";
import type { Clock } from "@kubets/machinery";

export type TokenSource = () => Promise<string>;

/** How long a token that was read is used without looking again; the kubelet renews long before the end. */
const REREAD_MS = 60_000;

export const fixedToken = (token: string): TokenSource => {
  const ready = Promise.resolve(token);
  return () => ready;
};

/** Reads the file once a minute. When it cannot be read the last token serves on; without one the error is thrown. */
export function tokenFile(path: string, clock: Clock): TokenSource {
  let token: string | undefined;
  let readAt = 0;
  return async () => {
    if (token !== undefined && clock.monotonic() - readAt < REREAD_MS) return token;
    try {
      token = (await readFile(path, "utf8")).trim();
    } catch (error) {
      if (token === undefined) throw new Error(`the token file ${path} cannot be read`, { cause: error });
    }
    readAt = clock.monotonic();
    return token;
  };
}
