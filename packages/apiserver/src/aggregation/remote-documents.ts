/**
 * What a server behind an APIService says of itself: its resources, for the aggregated discovery document, and where its OpenAPI documents are. Such servers
 * cannot be watched, so they are asked once a minute, and when they become available.
 */
import { createHash } from "node:crypto";
import type { DocumentEntry } from "@kubets/api/openapi/document";
import type { Clock } from "@kubets/machinery";
import { entriesOf } from "./remote-open-api.ts";
import { askRemote } from "./remote-request.ts";
import type { RemoteService } from "./remote-services.ts";

export interface RemoteDocuments {
  /** The version's entry in the aggregated discovery document. */
  readonly resources: readonly object[];
  /** Its documents in the index of /openapi/v3: path and address. */
  readonly openApi: Readonly<Record<string, { readonly serverRelativeURL: string }>>;
  /** What it adds to /openapi/v2, and what stands for that. */
  readonly openApiV2: { readonly entries: readonly DocumentEntry[]; readonly hash: string };
}

const AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

interface GroupDiscovery {
  readonly metadata?: { readonly name?: string };
  readonly versions?: readonly { readonly version: string; readonly resources?: readonly object[] }[];
}

interface PlainResource {
  readonly name: string;
  readonly singularName: string;
  readonly namespaced: boolean;
  readonly kind: string;
  readonly group?: string;
  readonly version?: string;
  readonly verbs: readonly string[];
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
}

/** Undefined when it does not say. */
export async function readDocuments(remote: RemoteService, clock: Clock): Promise<RemoteDocuments | undefined> {
  try {
    const [resources, openApi, openApiV2] = await Promise.all([
      readResources(remote, clock),
      readOpenApi(remote, clock),
      readOpenApiV2(remote, clock),
    ]);
    return resources && { resources, openApi, openApiV2 };
  } catch {
    return undefined;
  }
}

async function readResources(remote: RemoteService, clock: Clock): Promise<readonly object[] | undefined> {
  const { group, version } = remote;
  const aggregated = await askRemote(remote, "/apis", clock, `${AGGREGATED},application/json`);
  if (aggregated.status === 200 && aggregated.contentType.includes("as=APIGroupDiscoveryList")) {
    const { items = [] } = JSON.parse(aggregated.body.toString()) as { items?: readonly GroupDiscovery[] };
    const said = items
      .find(({ metadata }) => metadata?.name === group)
      ?.versions?.find((each) => each.version === version);
    if (said) return said.resources ?? [];
  }
  const plain = await askRemote(remote, `/apis/${group}/${version}`, clock);
  if (plain.status !== 200) return undefined;
  const { resources = [] } = JSON.parse(plain.body.toString()) as { resources?: readonly PlainResource[] };
  return aggregatedForm(remote, resources);
}

/** The old form of discovery in the new one: subresources stand below their resource. */
export function aggregatedForm(
  { group, version }: Pick<RemoteService, "group" | "version">,
  resources: readonly PlainResource[],
): object[] {
  const kindOf = (r: PlainResource) => ({ group: r.group ?? group, version: r.version ?? version, kind: r.kind });
  return resources
    .filter(({ name }) => !name.includes("/"))
    .map((resource) => {
      const parts = resources.filter(({ name }) => name.startsWith(`${resource.name}/`));
      return {
        resource: resource.name,
        responseKind: kindOf(resource),
        scope: resource.namespaced ? "Namespaced" : "Cluster",
        singularResource: resource.singularName,
        verbs: resource.verbs,
        ...(resource.shortNames?.length && { shortNames: resource.shortNames }),
        ...(resource.categories?.length && { categories: resource.categories }),
        ...(parts.length && {
          subresources: parts.map((part) => ({
            subresource: part.name.slice(resource.name.length + 1),
            responseKind: kindOf(part),
            verbs: part.verbs,
          })),
        }),
      };
    });
}

async function readOpenApi(remote: RemoteService, clock: Clock): Promise<RemoteDocuments["openApi"]> {
  const { status, body } = await askRemote(remote, "/openapi/v3", clock);
  if (status !== 200) return {};
  const { paths = {} } = JSON.parse(body.toString()) as { paths?: RemoteDocuments["openApi"] };
  const own = paths[`apis/${remote.group}/${remote.version}`];
  return own ? { [`apis/${remote.group}/${remote.version}`]: own } : {};
}

async function readOpenApiV2(remote: RemoteService, clock: Clock): Promise<RemoteDocuments["openApiV2"]> {
  const { status, body } = await askRemote(remote, "/openapi/v2", clock, "application/json");
  if (status !== 200) return { entries: [], hash: "" };
  const entries = entriesOf(
    JSON.parse(body.toString()) as Parameters<typeof entriesOf>[0],
    `/apis/${remote.group}/${remote.version}`,
  );
  return { entries, hash: createHash("sha256").update(body).digest("hex") };
}
