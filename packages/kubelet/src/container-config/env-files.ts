/**
 * Variables that a container takes from files of a volume (`fileKeyRef`), which an init container may have written.
 * A file holds NAME='value' a line: the value is in single quotes, taken as it stands, over several lines if need be; what begins with # is for
 * people. Holds: a file is read only within its volume, and only if it is no larger than a megabyte.
 */
import { join } from "node:path";
import type { Container, FileKeySelector } from "@kubets/api/generated/types/core-v1";
import type { Disk } from "../disk/disk.ts";
import { ContainerConfigError } from "./config-error.ts";
import type { MountedVolume } from "./mounts.ts";

/** Undefined for what is not there and need not be. */
export type FileKeys = (ref: FileKeySelector) => string | undefined;

const LARGEST_FILE = 1024 * 1024;
const LONGEST_KEY = 128;
const LARGEST_VALUE = 32 * 1024;

/** Reads the files that the container names; what is wrong with one is thrown when a key of it is asked for. */
export async function envFiles(
  { env = [] }: Pick<Container, "env">,
  volumes: ReadonlyMap<string, MountedVolume>,
  disk: Disk,
): Promise<FileKeys> {
  const texts = new Map<string, string | undefined>();
  for (const { valueFrom } of env) {
    if (!valueFrom?.fileKeyRef) continue;
    const { volumeName, path } = valueFrom.fileKeyRef;
    const volume = volumes.get(volumeName);
    if (volume && !("image" in volume))
      texts.set(join(volumeName, path), await textBelow(volume.path, path, disk).catch(() => undefined));
  }
  return ({ volumeName, path, key, optional }) => {
    const name = join(volumeName, path);
    if (!texts.has(name))
      throw new ContainerConfigError(`cannot find the volume ${JSON.stringify(volumeName)} referenced by FileKeyRef`);
    const quoted = JSON.stringify(key);
    if (key.length > LONGEST_KEY)
      throw new ContainerConfigError(
        `environment variable key ${quoted} exceeds maximum length of ${LONGEST_KEY} characters`,
      );
    const value = valueOf(texts.get(name), key);
    if (Buffer.byteLength(value) > LARGEST_VALUE)
      throw new ContainerConfigError(`environment variable value for key ${quoted} exceeds maximum size of 32KB`);
    if (value !== "") return value;
    if (optional) return undefined;
    throw new ContainerConfigError(`environment variable key ${quoted} not found in file`);
  };
}

async function textBelow(volume: string, path: string, disk: Disk): Promise<string | undefined> {
  const [root, real] = [await disk.realPath(volume), await disk.realPath(join(volume, path))];
  const found = real.startsWith(`${root}/`) ? await disk.stat(real) : undefined;
  if (found?.kind !== "file" || found.size > LARGEST_FILE) return undefined;
  return (await disk.readFile(real)).toString();
}

function valueOf(text: string | undefined, key: string): string {
  const value = text === undefined ? undefined : envFileValue(text, key);
  if (value === undefined) throw new ContainerConfigError("couldn't parse env file");
  return value;
}

/** A name, then a value in quotes and perhaps a remark; or, after a space, nothing that counts: the value is empty. */
const DECLARATION = /[ \t]*([^\s=#][^=\n]*?)=(?:'([^']*)'[ \t]*(?:#[^\n]*)?|[ \t][^\n]*)(?:\n|$)/y;
const IGNORED = /[ \t]*(?:#[^\n]*)?(?:\n|$)/y;

/** Empty when there is no such key; undefined when the file is not right up to it. */
export function envFileValue(text: string, key: string): string | undefined {
  for (let at = 0; at < text.length; ) {
    IGNORED.lastIndex = DECLARATION.lastIndex = at;
    if (IGNORED.test(text)) {
      at = IGNORED.lastIndex;
      continue;
    }
    const [all, name = "", value = ""] = DECLARATION.exec(text) ?? [];
    if (all === undefined || name.trimEnd() !== name) return undefined;
    if (name === key) return value;
    at += all.length;
  }
  return "";
}
