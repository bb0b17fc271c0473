/** All kinds that the server serves, as it tells of them itself: custom ones too. */
import type { KindName } from "../route.ts";
import type { Server } from "./server.ts";

export interface Kind extends KindName {
  readonly kind: string;
  readonly namespaced: boolean;
  readonly verbs: readonly string[];
  readonly shortNames: readonly string[];
  /** Names and verbs. */
  readonly subresources: ReadonlyMap<string, readonly string[]>;
}

interface DiscoveredResource {
  readonly resource: string;
  readonly responseKind?: { readonly kind?: string };
  readonly scope: string;
  readonly verbs?: readonly string[];
  readonly shortNames?: readonly string[];
  readonly subresources?: readonly { readonly subresource: string; readonly verbs?: readonly string[] }[];
}

export interface GroupDiscoveryList {
  readonly items?: readonly {
    readonly metadata?: { readonly name?: string };
    readonly versions?: readonly { readonly version: string; readonly resources?: readonly DiscoveredResource[] }[];
  }[];
}

const AGGREGATED = ["v2", "v2beta1"]
  .map((version) => `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`)
  .join(",");

export async function readKinds(server: Server): Promise<Kinds> {
  const told = await Promise.all(["/api", "/apis"].map((path) => server.text(path, { accept: AGGREGATED })));
  return new Kinds(
    told.flatMap((text) => kindsOf(JSON.parse(text) as GroupDiscoveryList)),
    told.join("\n"),
  );
}

/** Each resource in the version that its group prefers. */
export function kindsOf({ items = [] }: GroupDiscoveryList): Kind[] {
  return items.flatMap(({ metadata, versions = [] }) => {
    const seen = new Set<string>();
    const kinds: Kind[] = [];
    for (const { version, resources = [] } of versions)
      for (const found of resources) {
        if (seen.has(found.resource)) continue;
        seen.add(found.resource);
        kinds.push(kindOf(metadata?.name ?? "", version, found));
      }
    return kinds;
  });
}

const kindOf = (group: string, version: string, found: DiscoveredResource): Kind => ({
  group,
  version,
  resource: found.resource,
  kind: found.responseKind?.kind ?? found.resource,
  namespaced: found.scope === "Namespaced",
  verbs: found.verbs ?? [],
  shortNames: found.shortNames ?? [],
  subresources: new Map(found.subresources?.map(({ subresource, verbs = [] }) => [subresource, verbs])),
});

export class Kinds {
  readonly all: readonly Kind[];
  /** What the server told: the same for the same kinds. */
  readonly source: string;

  constructor(all: readonly Kind[], source = "") {
    this.all = all;
    this.source = source;
  }

  /** In the preferred version, whichever was named. */
  named({ group, resource }: Pick<KindName, "group" | "resource">): Kind | undefined {
    return this.all.find((kind) => kind.group === group && kind.resource === resource);
  }

  /** Of an object, or of what refers to one. */
  of({ apiVersion = "v1", kind }: { readonly apiVersion?: string; readonly kind?: string }): Kind | undefined {
    const group = apiVersion.includes("/") ? apiVersion.split("/")[0] : "";
    return this.all.find((each) => each.group === group && each.kind === kind);
  }
}

export const canList = ({ verbs }: Kind): boolean => verbs.includes("list") && verbs.includes("watch");

/** The path of all objects, or of one. */
export function pathOf(
  kind: Pick<Kind, "group" | "version" | "resource">,
  namespace = "",
  name = "",
  subresource = "",
): string {
  const root = kind.group ? `/apis/${kind.group}/${kind.version}` : `/api/${kind.version}`;
  const within = namespace ? ["namespaces", namespace] : [];
  const parts = [...within, kind.resource, name, subresource].filter(Boolean).map(encodeURIComponent);
  return `${root}/${parts.join("/")}`;
}
