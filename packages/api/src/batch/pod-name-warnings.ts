/** Names that are fine for an object and awkward for the pods that it makes. */
import { dns1123Label } from "@kubets/machinery";
import type { KubeObject } from "../meta.ts";

export function podNameWarnings({ metadata }: KubeObject): string[] {
  const texts = dns1123Label(metadata.name);
  if (!texts.length) return [];
  return [
    `metadata.name: this is used in Pod names and hostnames, which can result in surprising behavior; a DNS label is recommended: [${texts.join(" ")}]`,
  ];
}
