/**
 * What resources a server has, by its aggregated discovery.
 * Holds: in the server's order of groups, the core group first; within a group the preferred version first.
 */
import type { Rest } from "../api/rest.ts";
import { type JsonObject, listAt, nameOf, textAt, textsAt } from "../json.ts";

export interface ApiResource {
  readonly group: string;
  readonly version: string;
  /** The plural that stands in paths: "pods". */
  readonly resource: string;
  readonly kind: string;
  readonly namespaced: boolean;
  readonly singular: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly verbs: readonly string[];
  readonly subresources: readonly string[];
}

export interface ApiGroup {
  readonly name: string;
  readonly versions: readonly { readonly version: string; readonly resources: readonly ApiResource[] }[];
}

const ACCEPT = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json";

export async function discover(rest: Rest): Promise<ApiGroup[]> {
  const [core, named] = await Promise.all([
    rest.get("/api", { accept: ACCEPT }),
    rest.get("/apis", { accept: ACCEPT }),
  ]);
  if (textAt(named, "kind") === "APIGroupList") return discoverEach(rest, core, named);
  return [...listAt(core, "items"), ...listAt(named, "items")].map(aggregatedGroup);
}

function aggregatedGroup(item: JsonObject): ApiGroup {
  const group = nameOf(item);
  const versions = listAt(item, "versions").map((each) => {
    const version = textAt(each, "version");
    const resources = listAt(each, "resources").map((entry) => aggregatedResource(entry, group, version));
    return { version, resources };
  });
  return { name: group, versions };
}

const aggregatedResource = (entry: JsonObject, group: string, version: string): ApiResource => ({
  group,
  version,
  resource: textAt(entry, "resource"),
  kind: textAt(entry, "responseKind", "kind"),
  namespaced: textAt(entry, "scope") === "Namespaced",
  singular: textAt(entry, "singularResource"),
  shortNames: textsAt(entry, "shortNames"),
  categories: textsAt(entry, "categories"),
  verbs: textsAt(entry, "verbs"),
  subresources: listAt(entry, "subresources").map((each) => textAt(each, "subresource")),
});

/** Servers without the aggregated form: one request for each version of each group. */
async function discoverEach(rest: Rest, core: JsonObject, named: JsonObject): Promise<ApiGroup[]> {
  const groups = [
    { name: "", versions: textsAt(core, "versions") },
    ...listAt(named, "groups").map((group) => {
      const preferred = textAt(group, "preferredVersion", "version");
      const versions = listAt(group, "versions").map((each) => textAt(each, "version"));
      return {
        name: textAt(group, "name"),
        versions: [...versions.filter((v) => v === preferred), ...versions.filter((v) => v !== preferred)],
      };
    }),
  ];
  return Promise.all(
    groups.map(async ({ name, versions }) => ({ name, versions: await Promise.all(versions.map(read(name))) })),
  );

  function read(group: string) {
    return async (version: string) => {
      const path = group ? `/apis/${group}/${version}` : `/api/${version}`;
      const entries = await rest.get(path).then(
        (list) => listAt(list, "resources"),
        () => [],
      );
      return { version, resources: resourcesOf(entries, group, version) };
    };
  }
}

function resourcesOf(entries: readonly JsonObject[], group: string, version: string): ApiResource[] {
  const names = entries.map((entry) => textAt(entry, "name"));
  return entries
    .filter((entry) => !textAt(entry, "name").includes("/"))
    .map((entry) => {
      const resource = textAt(entry, "name");
      const below = names
        .filter((name) => name.startsWith(`${resource}/`))
        .map((name) => name.slice(resource.length + 1));
      return {
        group,
        version,
        resource,
        kind: textAt(entry, "kind"),
        namespaced: textAt(entry, "namespaced") === "true",
        singular: textAt(entry, "singularName"),
        shortNames: textsAt(entry, "shortNames"),
        categories: textsAt(entry, "categories"),
        verbs: textsAt(entry, "verbs"),
        subresources: below,
      };
    });
}
