/**
 * The objects that a verb works on: those of files, or those that the arguments and selectors name.
 * Holds: what can be found is given even when something else is missing; the errors come with it, in order.
 */
import { asError, UsageError } from "../errors.ts";
import { type JsonObject, listAt, nameOf, namespaceOf, textAt } from "../json.ts";
import type { Api } from "../session.ts";
import { parseArguments } from "./arguments.ts";
import { readObjects } from "./files.ts";
import { type ApiResource, apiVersionOf, pathOf } from "./mapper.ts";

export interface Info {
  readonly resource: ApiResource;
  /** Absent for resources without namespaces. */
  readonly namespace: string | undefined;
  readonly name: string;
  readonly object: JsonObject;
  /** The file that it came from. */
  readonly source?: string;
}

interface Selection {
  readonly verb: string;
  readonly args: readonly string[];
  readonly files?: readonly string[];
  readonly recursive?: boolean;
  readonly selector?: string;
  readonly fieldSelector?: string;
  readonly allNamespaces?: boolean;
  /** Resources without names mean all of them; otherwise a name or selector is asked for. */
  readonly all?: boolean;
  readonly chunkSize?: number;
  /** Objects of files stay as they are written there, and named ones are not asked for. */
  readonly local?: boolean;
  readonly subresource?: string;
}

interface Selected {
  readonly infos: readonly Info[];
  readonly errors: readonly Error[];
  readonly single: boolean;
}

const NOTHING_NAMED = `You must provide one or more resources by argument or filename.
Example resource specifications include:
   '-f rsrc.yaml'
   '--filename=rsrc.json'
   '<resource> <name>'
   '<resource>'`;

export async function select(api: Api, selection: Selection): Promise<Selected> {
  if (selection.files?.length) return selectFiles(api, selection);
  const mapper = await api.mapper();
  const { targets, named, single } = parseArguments(selection.args, mapper, selection.verb);
  if (targets.length === 0) throw new UsageError(NOTHING_NAMED);
  const bySelector = Boolean(selection.selector || selection.fieldSelector);
  if (named && bySelector) throw new UsageError("name cannot be provided when a selector is specified");
  if (named && selection.allNamespaces)
    throw new UsageError("a resource cannot be retrieved by name across all namespaces");
  if (!named && !bySelector && !selection.all)
    throw new UsageError("resource(s) were provided, but no name was specified");
  const infos: Info[] = [];
  const errors: Error[] = [];
  for (const { resource, names } of targets) {
    const namespace = resource.namespaced && !selection.allNamespaces ? api.namespace : undefined;
    try {
      if (names.length === 0) infos.push(...(await listInfos(api, resource, namespace, selection)));
    } catch (error) {
      errors.push(asError(error));
    }
    for (const name of names) {
      try {
        infos.push(await getInfo(api, resource, namespace, name, selection));
      } catch (error) {
        errors.push(asError(error));
      }
    }
  }
  return { infos, errors, single };
}

async function getInfo(
  api: Api,
  resource: ApiResource,
  namespace: string | undefined,
  name: string,
  selection: Selection,
) {
  if (selection.local) return { resource, namespace, name, object: {} };
  const object = await api.rest.get(pathOf(resource, namespace, name, selection.subresource), {
    of: { resource, name },
  });
  return { resource, namespace, name, object };
}

export async function listInfos(
  api: Api,
  resource: ApiResource,
  namespace: string | undefined,
  { selector, fieldSelector, chunkSize = 500 }: Pick<Selection, "selector" | "fieldSelector" | "chunkSize">,
): Promise<Info[]> {
  const infos: Info[] = [];
  for (let next = ""; ; ) {
    const list = await api.rest.get(pathOf(resource, namespace), {
      query: { labelSelector: selector, fieldSelector, limit: chunkSize || undefined, continue: next },
      of: { resource },
    });
    for (const item of listAt(list, "items")) infos.push(infoOf(resource, withKind(item, resource)));
    next = textAt(list, "metadata", "continue");
    if (!next) return infos;
  }
}

export const withKind = (item: JsonObject, resource: ApiResource): JsonObject => ({
  apiVersion: apiVersionOf(resource),
  kind: resource.kind,
  ...item,
});

export const infoOf = (resource: ApiResource, object: JsonObject, source?: string): Info => ({
  resource,
  namespace: resource.namespaced ? namespaceOf(object) || undefined : undefined,
  name: nameOf(object),
  object,
  ...(source && { source }),
});

async function selectFiles(api: Api, selection: Selection): Promise<Selected> {
  const { files = [], recursive = false, local } = selection;
  if (selection.args.length > 0)
    throw new UsageError(
      "when paths, URLs, or stdin is provided as input, you may not specify resource arguments as well",
    );
  const found = await readObjects(files, { recursive, stdin: api.stdin });
  const infos: Info[] = [];
  const errors: Error[] = [];
  for (const { object, source } of found) {
    try {
      const info = await fileInfo(api, object, source);
      infos.push(
        local ? info : { ...(await getInfo(api, info.resource, info.namespace, info.name, selection)), source },
      );
    } catch (error) {
      errors.push(asError(error));
    }
  }
  if (infos.length + errors.length === 0)
    throw new UsageError("no objects passed to apply".replace("apply", selection.verb));
  return { infos, errors, single: infos.length === 1 };
}

/** An object of a file with its resource and, where it has one, its namespace filled in. */
export async function fileInfo(api: Api, object: JsonObject, source: string): Promise<Info> {
  const mapper = await api.mapper();
  const kind = textAt(object, "kind");
  const apiVersion = textAt(object, "apiVersion");
  let resource: ApiResource;
  try {
    resource = mapper.forKind(apiVersion, kind);
  } catch (error) {
    throw new UsageError(
      `resource mapping not found for name: "${nameOf(object)}" namespace: "${namespaceOf(object)}" from "${source}": ${asError(error).message}\nensure CRDs are installed first`,
    );
  }
  if (!resource.namespaced) return infoOf(resource, object, source);
  const own = namespaceOf(object);
  if (own && api.namespaceGiven && own !== api.namespace)
    throw new UsageError(
      `the namespace from the provided object "${own}" does not match the namespace "${api.namespace}". You must pass '--namespace=${own}' to perform this operation.`,
    );
  const namespace = own || api.namespace;
  const metadata = { ...(object.metadata as JsonObject | undefined), namespace };
  return infoOf(resource, { ...object, metadata }, source);
}
