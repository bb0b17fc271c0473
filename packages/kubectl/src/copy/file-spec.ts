/** The ends of a copy, as they are written: "[[namespace/]pod:]path". Pure. */
import { posix } from "node:path";
import { UsageError } from "../errors.ts";

export interface FileSpec {
  readonly namespace: string;
  /** Empty for this machine. */
  readonly pod: string;
  readonly path: string;
}

export function parseFileSpec(written: string): FileSpec {
  const colon = written.indexOf(":");
  if (colon === 0) throw malformed();
  if (colon < 0) return { namespace: "", pod: "", path: written };
  const words = written.slice(0, colon).split("/");
  const path = written.slice(colon + 1);
  if (words.length === 1) return { namespace: "", pod: words[0] as string, path };
  if (words.length === 2) return { namespace: words[0] as string, pod: words[1] as string, path };
  throw malformed();
}

const malformed = (): Error => new UsageError("filespec must match the canonical format: [[namespace/]pod:]file/path");

/** A path of a container without "." and "..", none of which leads above its root. */
export const cleanRemote = (path: string): string => {
  const clean = posix.normalize(path).replace(/(?<=.)\/$/, "");
  return clean.replace(/^(\.\.\/)+/, "");
};

/** Where an entry of the archive belongs below the place that was named; undefined if it leads out of there. */
export function placeOf(entry: string, prefix: string): string | undefined {
  const name = entry.replace(/^\/+/, "");
  const wanted = prefix.replace(/^\/+/, "");
  if (wanted !== "" && wanted !== "." && name !== wanted && !name.startsWith(`${wanted}/`))
    throw new UsageError("tar contents corrupted");
  const inner = posix.normalize(`./${wanted === "." ? name : name.slice(wanted.length)}`);
  return inner === ".." || inner.startsWith("../") ? undefined : inner;
}
