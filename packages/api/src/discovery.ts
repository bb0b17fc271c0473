/**
 * What a server says of its own resources: the documents under /api and /apis, plain and aggregated, derived from the definitions alone.
 * Pure; the fields of each document stand in the original's order.
 */
import { createHash } from "node:crypto";
import { compareGroups, compareVersionsOf } from "./group-priority.ts";
import type { GroupVersionKind, ResourceDefinition, Subresource, Verb } from "./resource.ts";
import { groupVersion } from "./resource-ref.ts";

/** The versions of one group, preferred first, each with its resources. */
export interface GroupResources {
  readonly group: string;
  readonly versions: readonly VersionResources[];
}

interface VersionResources {
  readonly version: string;
  /** Sorted by name. */
  readonly resources: readonly ResourceDefinition[];
}

/** How clients of an address range reach the server. */
export interface ServerAddress {
  readonly clientCIDR: string;
  readonly serverAddress: string;
}

/** The definitions by group and version, in the order in which clients are to prefer them. */
export function groupResources(definitions: readonly ResourceDefinition[]): GroupResources[] {
  const byGroup = Map.groupBy(definitions, ({ group }) => group);
  return [...byGroup.keys()].sort(compareGroups).map((group) => {
    const byVersion = Map.groupBy(byGroup.get(group) ?? [], ({ version }) => version);
    const versions = [...byVersion.keys()].sort(compareVersionsOf(group));
    return {
      group,
      versions: versions.map((version) => ({
        version,
        resources: (byVersion.get(version) ?? []).toSorted((a, b) => (a.resource < b.resource ? -1 : 1)),
      })),
    };
  });
}

/** /api */
export const apiVersions = (addresses: readonly ServerAddress[]) => ({
  kind: "APIVersions",
  versions: ["v1"],
  serverAddressByClientCIDRs: addresses,
});

/** /apis; the core group stands under /api alone. */
export const apiGroupList = (groups: readonly GroupResources[]) => ({
  kind: "APIGroupList",
  apiVersion: "v1",
  groups: groups.filter(({ group }) => group !== "").map(groupEntry),
});

/** /apis/GROUP */
export const apiGroup = (group: GroupResources) => ({ kind: "APIGroup", apiVersion: "v1", ...groupEntry(group) });

function groupEntry({ group, versions }: GroupResources) {
  const entries = versions.map(({ version }) => ({ groupVersion: groupVersion({ group, version }), version }));
  return { name: group, versions: entries, preferredVersion: entries[0] };
}

/** /api/v1 and /apis/GROUP/VERSION */
export function apiResourceList(group: string, { version, resources }: VersionResources) {
  return {
    kind: "APIResourceList",
    ...(group && { apiVersion: "v1" }),
    groupVersion: groupVersion({ group, version }),
    resources: resources.flatMap(resourceEntries),
  };
}

function resourceEntries(definition: ResourceDefinition) {
  const { resource, singular, namespaced, kind, verbs, shortNames, categories } = definition;
  const hash = storageVersionHash(definition);
  return [
    {
      name: resource,
      singularName: singular,
      namespaced,
      kind,
      verbs,
      ...(shortNames?.length && { shortNames }),
      ...(categories?.length && { categories }),
      ...(hash && { storageVersionHash: hash }),
    },
    ...subresourcesOf(definition).map(([name, subresource]) => {
      const { group, version, kind: asked } = subresourceKind(definition, subresource);
      const foreign = group !== definition.group || version !== definition.version;
      return {
        name: `${resource}/${name}`,
        singularName: "",
        namespaced,
        ...(foreign && { group, version }),
        kind: asked,
        verbs: subresourceVerbs(subresource),
      };
    }),
  ];
}

/** /api and /apis for clients that want everything in one document (apidiscovery.k8s.io/v2). */
export const apiGroupDiscoveryList = (groups: readonly GroupResources[]) => ({
  kind: "APIGroupDiscoveryList",
  apiVersion: "apidiscovery.k8s.io/v2",
  metadata: {},
  items: groups.map(groupDiscovery),
});

/** One group of the aggregated document. */
const groupDiscovery = ({ group, versions }: GroupResources) => ({
  metadata: group ? { name: group } : {},
  versions: versions.map(({ version, resources }) => ({
    version,
    resources: resources.map(resourceDiscovery),
    freshness: "Current",
  })),
});

function resourceDiscovery(definition: ResourceDefinition) {
  const { resource, singular, namespaced, verbs, shortNames, categories } = definition;
  const subresources = subresourcesOf(definition).map(([name, subresource]) => ({
    subresource: name,
    responseKind: responseKind(definition, subresourceKind(definition, subresource)),
    verbs: subresourceVerbs(subresource),
  }));
  return {
    resource,
    responseKind: responseKind(definition, definition),
    scope: namespaced ? "Namespaced" : "Cluster",
    singularResource: singular,
    verbs,
    ...(shortNames?.length && { shortNames }),
    ...(categories?.length && { categories }),
    ...(subresources.length && { subresources }),
  };
}

/** A kind of the resource's own group and version is named without them, but for custom kinds. */
function responseKind(definition: ResourceDefinition, { group, version, kind }: GroupVersionKind) {
  const own = group === definition.group && version === definition.version;
  return own && !definition.isCustom ? { group: "", version: "", kind } : { group, version, kind };
}

/** In the alphabet's order; those of custom kinds have one of their own. */
function subresourcesOf({ subresources = {}, isCustom }: ResourceDefinition): [string, Subresource][] {
  const all = Object.entries(subresources);
  return isCustom ? all : all.sort(([a], [b]) => (a < b ? -1 : 1));
}

const SCALE: GroupVersionKind = { group: "autoscaling", version: "v1", kind: "Scale" };
const PART_VERBS: readonly Verb[] = ["get", "patch", "update"];

/** The kind that is sent to and answered by a subresource. */
export function subresourceKind(definition: ResourceDefinition, subresource: Subresource): GroupVersionKind {
  switch (subresource.type) {
    case "scale":
      return SCALE;
    case "action":
    case "connect":
      return subresource.kind;
    default:
      return { group: definition.group, version: definition.version, kind: definition.kind };
  }
}

const subresourceVerbs = (subresource: Subresource): readonly Verb[] =>
  subresource.type === "scale" ? PART_VERBS : (subresource.verbs ?? PART_VERBS);

/** Kinds that are stored in the form of a version that is not served, so that a server one release older can read them. */
const STORED_AS: Readonly<Record<string, string>> = {
  "admissionregistration.k8s.io/MutatingAdmissionPolicy": "v1beta1",
  "admissionregistration.k8s.io/MutatingAdmissionPolicyBinding": "v1beta1",
  "apiextensions.k8s.io/CustomResourceDefinition": "v1beta1",
};

/** Stands for the version in which objects are stored: it changes when they ought to be migrated. Nothing for what is never stored. */
export function storageVersionHash(definition: ResourceDefinition): string | undefined {
  if (!definition.verbs.includes("watch")) return undefined;
  const { group, version, kind } = definition.hub?.resource() ?? definition;
  const stored = STORED_AS[`${group}/${kind}`] ?? version;
  return createHash("sha256").update(`${group}/${stored}/${kind}`).digest().subarray(0, 8).toString("base64");
}
