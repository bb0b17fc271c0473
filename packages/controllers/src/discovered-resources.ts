/**
 * What the server serves, as far as controllers that deal with every kind need it: by discovery, custom resources and aggregated servers
 * included. What fails to be discovered is told beside what was.
 */
import { groupVersion, type ResourceRef } from "@kubets/api/resource-ref";
import type { Client } from "@kubets/client";
import { StatusError } from "@kubets/machinery";

export interface DiscoveredResource {
  readonly ref: ResourceRef;
  readonly verbs: readonly string[];
}

export interface Discovered {
  /** Each resource once, in the version that its group prefers. */
  readonly resources: readonly DiscoveredResource[];
  /** Of every version that is served: "apps/v1|Deployment". */
  readonly byKind: ReadonlyMap<string, ResourceRef>;
  /** Groups whose servers did not answer, with why. */
  readonly failures: ReadonlyMap<string, string>;
}

const AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json";

interface GroupDiscoveryList {
  readonly items: readonly {
    readonly metadata?: { readonly name?: string };
    readonly versions?: readonly VersionDiscovery[];
  }[];
}

interface VersionDiscovery {
  readonly version: string;
  readonly freshness?: string;
  readonly resources?: readonly {
    readonly resource: string;
    readonly responseKind?: { readonly kind?: string };
    readonly scope: string;
    readonly verbs: readonly string[];
  }[];
}

export async function discoverResources(client: Client): Promise<Discovered> {
  const resources = new Map<string, DiscoveredResource>();
  const byKind = new Map<string, ResourceRef>();
  const failures = new Map<string, string>();
  for (const path of ["/api", "/apis"]) {
    for (const { metadata, versions } of (await groupsAt(client, path)).items) {
      const group = metadata?.name ?? "";
      for (const { version, freshness, resources: served } of versions ?? []) {
        if (freshness === "Stale") failures.set(groupVersion({ group, version }), "stale GroupVersion discovery");
        for (const { resource, responseKind, scope, verbs } of served ?? []) {
          const ref = { group, version, resource, kind: responseKind?.kind ?? "", namespaced: scope === "Namespaced" };
          const id = `${resource}.${group}`;
          if (!resources.has(id)) resources.set(id, { ref, verbs });
          byKind.set(kindKey(groupVersion(ref), ref.kind), ref);
        }
      }
    }
  }
  return { resources: [...resources.values()], byKind, failures };
}

export const kindKey = (apiVersion: string, kind: string): string => `${apiVersion}|${kind}`;

async function groupsAt(client: Client, path: string): Promise<GroupDiscoveryList> {
  const { status, body } = await client.raw("GET", path, undefined, { accept: AGGREGATED });
  const document = JSON.parse(new TextDecoder().decode(body)) as GroupDiscoveryList & {
    kind?: string;
    message?: string;
  };
  if (status !== 200 || document.kind !== "APIGroupDiscoveryList")
    throw new StatusError({
      code: status === 200 ? 406 : status,
      message: document.message ?? `${path} answered with a ${document.kind}`,
    });
  return document;
}
