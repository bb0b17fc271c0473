/** Volumes that no longer work, and files that several sources put in one place. */
import { joined } from "@kubets/machinery/joined";
import type { PodSpec, Volume, VolumeProjection } from "../generated/types/core-v1.ts";

const GONE: ReadonlyMap<string, string> = new Map<keyof Volume, string>([
  ["photonPersistentDisk", "deprecated in v1.11, non-functional in v1.16+"],
  ["gitRepo", "deprecated in v1.11, and disabled by default in v1.33+"],
  ["scaleIO", "deprecated in v1.16, non-functional in v1.22+"],
  ["flocker", "deprecated in v1.22, non-functional in v1.25+"],
  ["storageos", "deprecated in v1.22, non-functional in v1.25+"],
  ["quobyte", "deprecated in v1.22, non-functional in v1.25+"],
  ["glusterfs", "deprecated in v1.25, non-functional in v1.26+"],
  ["cephfs", "deprecated in v1.28, non-functional in v1.31+"],
  ["rbd", "deprecated in v1.28, non-functional in v1.31+"],
]);

export function volumeWarnings({ volumes = [] }: PodSpec, at: string): string[] {
  const gone: string[] = [];
  volumes.forEach((volume, i) => {
    for (const name in volume) if (GONE.has(name)) gone.push(`${at}.volumes[${i}].${name}: ${GONE.get(name)}`);
  });
  return joined(gone, volumes.flatMap(overlaps));
}

interface PlacedFile {
  readonly path: string;
  readonly source: string;
}

function overlaps(volume: Volume): string[] {
  const { name, secret, configMap, downwardAPI, projected } = volume;
  if (projected) return overlapTexts(`volume ${JSON.stringify(name)} (Projected)`, projected.sources.flatMap(filesOf));
  const single = secret
    ? { type: `Secret ${JSON.stringify(secret.secretName)}`, items: secret.items }
    : configMap
      ? { type: `ConfigMap ${JSON.stringify(configMap.name)}`, items: configMap.items }
      : downwardAPI
        ? { type: "DownwardAPI", items: downwardAPI.items }
        : undefined;
  const files = (single?.items ?? []).map(({ path }) => ({ path, source: "" }));
  return single ? overlapTexts(`volume ${JSON.stringify(name)} (${single.type})`, files) : [];
}

function filesOf({ secret, configMap, downwardAPI, serviceAccountToken, clusterTrustBundle }: VolumeProjection) {
  const files: PlacedFile[] = [];
  for (const { path } of secret?.items ?? []) files.push({ path, source: `Secret ${JSON.stringify(secret?.name)}` });
  for (const { path } of configMap?.items ?? [])
    files.push({ path, source: `ConfigMap ${JSON.stringify(configMap?.name)}` });
  for (const { path } of downwardAPI?.items ?? []) files.push({ path, source: "DownwardAPI" });
  if (serviceAccountToken) files.push({ path: serviceAccountToken.path, source: "ServiceAccountToken" });
  if (clusterTrustBundle) files.push({ path: clusterTrustBundle.path, source: "ClusterTrustBundle" });
  return files;
}

/** Each file is compared with those before it: the same path, or one inside the other. */
function overlapTexts(where: string, files: readonly PlacedFile[]): string[] {
  const found: string[] = [];
  files.forEach((file, i) => {
    const clashing = files.filter(
      (other, k) => k < i && (inside(file.path, other.path) || inside(other.path, file.path)),
    );
    if (clashing.length === 0) return;
    const others = clashing.map(({ path, source }) => named(path, source)).join(", ");
    found.push(`${where}: overlapping paths: ${named(file.path, file.source)} with ${others}`);
  });
  return found;
}

const named = (path: string, source: string) => JSON.stringify(path) + (source ? ` (${source})` : "");
const inside = (path: string, other: string) => path === other || path.startsWith(`${other}/`);
