/**
 * Discovery of this server's own resources together with those of the servers behind APIServices. Groups and versions go by the priorities that APIServices give
 * them. Pure.
 */
import type { apiGroupDiscoveryList, apiGroupList } from "@kubets/api/discovery";
import { compareVersions, groupPriority, versionPriority } from "@kubets/api/group-priority";
import type { RemoteService } from "./remote-services.ts";

/** What is told of a version that another server serves. */
export type RemoteVersion = Pick<RemoteService, "group" | "version" | "isAvailable" | "documents" | "apiService">;

interface Versioned {
  readonly version: string;
}

/** /apis */
export function withRemoteGroups(list: ReturnType<typeof apiGroupList>, remotes: readonly RemoteVersion[]) {
  if (remotes.length === 0) return list;
  const groups = merged(list.groups, remotes, ({ group, version }) => ({
    groupVersion: `${group}/${version}`,
    version,
  }));
  return { ...list, groups: groups.map((group) => ({ ...group, preferredVersion: group.versions[0] })) };
}

/** The aggregated document. What is known of a server that is not there now is stale. */
export function withRemoteDiscovery(list: ReturnType<typeof apiGroupDiscoveryList>, remotes: readonly RemoteVersion[]) {
  if (remotes.length === 0) return list;
  const local = list.items.map(({ metadata, versions }) => ({ name: metadata.name ?? "", versions }));
  const groups = merged<Versioned>(local, remotes, ({ version, documents, isAvailable }) => ({
    version,
    ...(documents && { resources: documents.resources }),
    freshness: documents && isAvailable ? "Current" : "Stale",
  }));
  return { ...list, items: groups.map(({ name, versions }) => ({ metadata: { name }, versions })) };
}

function merged<V extends Versioned>(
  local: readonly { readonly name: string; readonly versions: readonly V[] }[],
  remotes: readonly RemoteVersion[],
  entryOf: (remote: RemoteVersion) => V,
): { name: string; versions: V[] }[] {
  const all = [
    ...local.flatMap(({ name: group, versions }) =>
      versions.map((entry) => ({
        group,
        entry,
        ofGroup: groupPriority(group),
        ofVersion: versionPriority(group, entry.version),
      })),
    ),
    ...remotes.map((remote) => ({
      group: remote.group,
      entry: entryOf(remote),
      ofGroup: remote.apiService.spec.groupPriorityMinimum,
      ofVersion: remote.apiService.spec.versionPriority,
    })),
  ];
  return [...Map.groupBy(all, ({ group }) => group)]
    .map(([name, entries]) => ({ name, entries, priority: Math.max(...entries.map(({ ofGroup }) => ofGroup)) }))
    .sort((a, b) => b.priority - a.priority || (a.name < b.name ? -1 : 1))
    .map(({ name, entries }) => ({
      name,
      versions: entries
        .sort((a, b) => b.ofVersion - a.ofVersion || compareVersions(a.entry.version, b.entry.version))
        .map(({ entry }) => entry),
    }));
}
