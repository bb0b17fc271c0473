/**
 * Which device class serves an extended resource: the one that names it, or the one whose own name stands in
 * "deviceclass.resource.kubernetes.io/NAME". Of several that name the same, the one made last counts, then the first by name.
 */
import { deviceclasses } from "@kubets/api/generated/refs";
import type { DeviceClass } from "@kubets/api/generated/types/resource-v1";
import { shared } from "./handle.ts";

export type ClassOfResource = (resource: string) => string | undefined;

const IMPLICIT = "deviceclass.resource.kubernetes.io/";

export const trackExtendedResources = shared(({ cache, signal, featureGates }): ClassOfResource => {
  if (!featureGates.enabled("DRAExtendedResource")) return () => undefined;
  let byResource: ReadonlyMap<string, string> | undefined;
  const forget = () => {
    byResource = undefined;
  };
  const subscription = cache.informer(deviceclasses).subscribe({ added: forget, changed: forget, deleted: forget });
  signal.addEventListener("abort", () => subscription.stop(), { once: true });
  return (resource) => {
    byResource ??= resourcesOf(cache.list(deviceclasses));
    return byResource.get(resource);
  };
});

export function resourcesOf(classes: readonly DeviceClass[]): Map<string, string> {
  const lastWins = [...classes].sort((a, b) => madeAt(a) - madeAt(b) || (a.metadata.name < b.metadata.name ? 1 : -1));
  const byResource = new Map<string, string>();
  for (const { metadata, spec } of lastWins) {
    byResource.set(`${IMPLICIT}${metadata.name}`, metadata.name);
    if (spec.extendedResourceName) byResource.set(spec.extendedResourceName, metadata.name);
  }
  return byResource;
}

const madeAt = ({ metadata }: DeviceClass): number => Date.parse(metadata.creationTimestamp ?? "") || 0;
