/** Where a volume comes from: its type, and the objects that it names. */
import type { PersistentVolumeSpec, Volume } from "@kubets/api/generated/types/core-v1";
import type { Reference } from "../parts/object-link.ts";

export interface VolumeSource {
  readonly type: string;
  readonly refs: readonly Reference[];
  /** What else is worth to be told. */
  readonly text: string;
}

export function volumeSource(volume: Volume): VolumeSource {
  const [type = "emptyDir", source = {}] = Object.entries(volume).find(([name]) => name !== "name") ?? [];
  const { configMap, secret, persistentVolumeClaim, projected } = volume;
  if (configMap) return { type: "ConfigMap", refs: [{ kind: "ConfigMap", name: configMap.name }], text: "" };
  if (secret) return { type: "Secret", refs: [{ kind: "Secret", name: secret.secretName }], text: "" };
  if (persistentVolumeClaim)
    return {
      type: "claim",
      refs: [{ kind: "PersistentVolumeClaim", name: persistentVolumeClaim.claimName }],
      text: persistentVolumeClaim.readOnly ? "read only" : "",
    };
  if (projected) {
    const sources = projected.sources ?? [];
    const refs = sources.flatMap((each): Reference[] => [
      ...(each.configMap ? [{ kind: "ConfigMap", name: each.configMap.name }] : []),
      ...(each.secret ? [{ kind: "Secret", name: each.secret.name }] : []),
    ]);
    const others = sources.flatMap((each) => Object.keys(each)).filter((name) => !/^(configMap|secret)$/.test(name));
    return { type, refs, text: others.join(", ") };
  }
  return { type, refs: [], text: sourceText(source as object) };
}

/** The texts, numbers and truths of it. */
const sourceText = (source: object): string =>
  Object.entries(source)
    .filter(([, value]) => typeof value !== "object")
    .map(([name, value]) => `${name} ${value}`)
    .join(", ");

/** What a PersistentVolume says besides where it comes from. */
const BESIDES = new Set<string>([
  "capacity",
  "accessModes",
  "claimRef",
  "persistentVolumeReclaimPolicy",
  "storageClassName",
  "mountOptions",
  "volumeMode",
  "nodeAffinity",
  "volumeAttributesClassName",
] satisfies (keyof PersistentVolumeSpec)[]);

export function persistentSource(spec: PersistentVolumeSpec): string {
  const [type, source] = Object.entries(spec).find(([name]) => !BESIDES.has(name)) ?? [];
  return type ? `${type}: ${sourceText(source as object)}` : "";
}
