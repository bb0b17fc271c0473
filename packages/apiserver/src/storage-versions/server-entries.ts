/** What a server tells of each built-in resource that it stores: the version in which it writes it, all that it can read, and those that it serves. */
import type { ServerStorageVersion } from "@kubets/api/generated/types/apiserverinternal-v1alpha1";
import type { ResourceDefinition } from "@kubets/api/resource";
import { groupVersion } from "@kubets/api/resource-ref";
import { isStored, storedAs } from "../served-resource.ts";

export interface ServerEntry {
  /** Of its StorageVersion. */
  readonly name: string;
  /** All that is stored in the same place, by "group/resource". */
  readonly resources: readonly string[];
  readonly versions: Omit<ServerStorageVersion, "apiServerID">;
}

/** One for each place in storage; groups that share one (events) are told of by the first of them. */
export function serverEntries(
  served: readonly ResourceDefinition[],
  known: readonly ResourceDefinition[],
): readonly ServerEntry[] {
  const places = Map.groupBy(
    served.filter((each) => isStored(storedAs(each))),
    (each) => storedAs(each).storagePrefix,
  );
  return [...places.values()].map((sharing) => {
    const [first] = sharing.sort(byGroup) as [ResourceDefinition];
    const isFirst = (each: ResourceDefinition) => each.group === first.group && each.resource === first.resource;
    const written = groupVersion(storedAs(first));
    const readable = [...known.filter(isFirst), ...sharing].map(groupVersion);
    return {
      name: `${first.group || "core"}.${first.resource}`,
      resources: [...new Set(sharing.map(({ group, resource }) => `${group}/${resource}`))],
      versions: {
        encodingVersion: written,
        decodableVersions: [...new Set([...readable, written])],
        servedVersions: sharing.filter(isFirst).map(groupVersion),
      },
    };
  });
}

const byGroup = (a: ResourceDefinition, b: ResourceDefinition): number =>
  a.group < b.group ? -1 : a.group > b.group ? 1 : 0;
