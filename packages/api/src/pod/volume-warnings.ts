/** Volumes that no longer work, and files that several sources put in one place. */
import type { PodSpec, Volume, VolumeProjection } from "../generated/types/core-v1.ts";

const GONE: readonly [keyof Volume, string][] = [
  ["photonPersistentDisk", "deprecated in v1.11, non-functional in v1.16+"],
  ["gitRepo", "deprecated in v1.11, and disabled by default in v1.33+"],
  ["scaleIO", "deprecated in v1.16, non-functional in v1.22+"],
  ["flocker", "deprecated in v1.22, non-functional in v1.25+"],
  ["storageos", "deprecated in v1.22, non-functional in v1.25+"],
  ["quobyte", "deprecated in v1.22, non-functional in v1.25+"],
  ["glusterfs", "deprecated in v1.25, non-functional in v1.26+"],
  ["cephfs", "deprecated in v1.28, non-functional in v1.31+"],
  ["rbd", "deprecated in v1.28, non-functional in v1.31+"],
];

export function volumeWarnings({ volumes = [] }: PodSpec, at: string): string[] {
  const gone: string[] = [];
  for (const [i, volume] of volumes.entries())
    for (const [name, text] of GONE) if (volume[name] !== undefined) gone.push(`${at}.volumes[${i}].${name}: ${text}`);
  return [...gone, ...volumes.flatMap(overlaps)];
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

function filesOf(projection: VolumeProjection): PlacedFile[] {
  const { secret, configMap, downwardAPI, serviceAccountToken, clusterTrustBundle } = projection;
  const file = (source: string) => (item: { readonly path: string }) => ({ path: item.path, source });
  return [
    ...(secret?.items ?? []).map(file(`Secret ${JSON.stringify(secret?.name)}`)),
    ...(configMap?.items ?? []).map(file(`ConfigMap ${JSON.stringify(configMap?.name)}`)),
    ...(downwardAPI?.items ?? []).map(file("DownwardAPI")),
    ...(serviceAccountToken ? [file("ServiceAccountToken")(serviceAccountToken)] : []),
    ...(clusterTrustBundle ? [file("ClusterTrustBundle")(clusterTrustBundle)] : []),
  ];
}

/** Each file is compared with those before it: the same path, or one inside the other. */
function overlapTexts(where: string, files: readonly PlacedFile[]): string[] {
  const found: string[] = [];
  for (const [i, file] of files.entries()) {
    const clashing = files
      .slice(0, i)
      .filter((other) => inside(file.path, other.path) || inside(other.path, file.path));
    if (clashing.length === 0) continue;
    const others = clashing.map(({ path, source }) => named(path, source)).join(", ");
    found.push(`${where}: overlapping paths: ${named(file.path, file.source)} with ${others}`);
  }
  return found;
}

const named = (path: string, source: string) => JSON.stringify(path) + (source ? ` (${source})` : "");
const inside = (path: string, other: string) => path === other || path.startsWith(`${other}/`);
