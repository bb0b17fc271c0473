/** The files of ConfigMaps, Secrets and the downward API, as they are projected into volumes. */
import type { ConfigMap, DownwardAPIVolumeFile, KeyToPath, Pod, Secret } from "@kubets/api/generated/types/core-v1";
import { fieldValue } from "../container-config/field-values.ts";
import { containerNamed, resourceValue } from "../container-config/resource-values.ts";
import { type VolumeContext, VolumeError, type VolumeFile, type VolumeFiles } from "./volume.ts";

export const DEFAULT_MODE = 0o644;

interface KeysWanted {
  readonly items?: readonly KeyToPath[];
  readonly defaultMode: number;
  readonly optional: boolean;
}

export function configMapFiles(name: string, found: ConfigMap | undefined, wanted: KeysWanted): VolumeFiles {
  if (!found && !wanted.optional) throw new VolumeError(`configmap "${name}" not found`);
  const contents = new Map<string, Buffer>();
  for (const [key, text] of Object.entries(found?.data ?? {})) contents.set(key, Buffer.from(text));
  for (const [key, text] of Object.entries(found?.binaryData ?? {})) contents.set(key, Buffer.from(text, "base64"));
  return chosen(contents, wanted, (key) => `configmap references non-existent config key: ${key}`);
}

export function secretFiles(name: string, found: Secret | undefined, wanted: KeysWanted): VolumeFiles {
  if (!found && !wanted.optional) throw new VolumeError(`secret "${name}" not found`);
  const contents = new Map<string, Buffer>();
  for (const [key, text] of Object.entries(found?.data ?? {})) contents.set(key, Buffer.from(text, "base64"));
  return chosen(contents, wanted, (key) => `references non-existent secret key: ${key}`);
}

function chosen(
  contents: ReadonlyMap<string, Buffer>,
  wanted: KeysWanted,
  missing: (key: string) => string,
): VolumeFiles {
  const { items, defaultMode, optional } = wanted;
  const files = new Map<string, VolumeFile>();
  if (!items?.length) {
    for (const [key, content] of contents) files.set(key, { content, mode: defaultMode });
    return files;
  }
  for (const { key, path, mode } of items) {
    const content = contents.get(key);
    if (content) files.set(path, { content, mode: mode ?? defaultMode });
    else if (!optional) throw new VolumeError(missing(key));
  }
  return files;
}

type DownwardContext = Pick<VolumeContext, "addresses" | "allocatable">;

export function downwardFiles(
  pod: Pod,
  items: readonly DownwardAPIVolumeFile[],
  defaultMode: number,
  { addresses, allocatable }: DownwardContext,
): VolumeFiles {
  const files = new Map<string, VolumeFile>();
  for (const { path, fieldRef, resourceFieldRef, mode } of items) {
    const text = fieldRef
      ? fieldValue(pod, fieldRef.fieldPath, addresses)
      : resourceFieldRef
        ? resourceValue(containerNamed(pod, resourceFieldRef.containerName ?? ""), resourceFieldRef, allocatable)
        : "";
    files.set(path, { content: Buffer.from(text), mode: mode ?? defaultMode });
  }
  return files;
}
