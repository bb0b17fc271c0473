/** What `get` was asked for, as requests: each a path with a query. */
import { UsageError } from "../errors.ts";
import { nameOf } from "../json.ts";
import { parseArguments } from "../resources/arguments.ts";
import { readObjects } from "../resources/files.ts";
import { type ApiResource, pathOf } from "../resources/mapper.ts";
import { fileInfo } from "../resources/select.ts";
import type { Api } from "../session.ts";

export interface Asked {
  readonly args: readonly string[];
  readonly files: readonly string[];
  readonly recursive: boolean;
  readonly selector: string;
  readonly fieldSelector: string;
  readonly allNamespaces: boolean;
  readonly chunkSize: number;
  readonly subresource: string;
}

/** One object, or a list. */
export interface Request {
  readonly resource: ApiResource;
  readonly namespace: string | undefined;
  /** Absent for a list. */
  readonly name?: string;
  readonly path: string;
}

interface Requests {
  readonly requests: readonly Request[];
  /** Exactly one object is named. */
  readonly single: boolean;
}

export async function requestsFor(api: Api, asked: Asked): Promise<Requests> {
  if (asked.files.length > 0) return fileRequests(api, asked);
  const { targets, named, single } = parseArguments(asked.args, await api.mapper(), "get");
  if (named && (asked.selector || asked.fieldSelector))
    throw new UsageError("name cannot be provided when a selector is specified");
  if (named && asked.allNamespaces)
    throw new UsageError("a resource cannot be retrieved by name across all namespaces");
  const requests = targets.flatMap(({ resource, names }): Request[] => {
    const namespace = resource.namespaced && !asked.allNamespaces ? api.namespace : undefined;
    if (names.length === 0) return [{ resource, namespace, path: pathOf(resource, namespace) }];
    return names.map((name) => ({
      resource,
      namespace,
      name,
      path: pathOf(resource, namespace, name, asked.subresource),
    }));
  });
  return { requests, single };
}

async function fileRequests(api: Api, asked: Asked): Promise<Requests> {
  const objects = await readObjects(asked.files, { recursive: asked.recursive, stdin: api.stdin });
  const requests: Request[] = [];
  for (const { object, source } of objects) {
    const { resource, namespace } = await fileInfo(api, object, source);
    const name = nameOf(object);
    requests.push({ resource, namespace, name, path: pathOf(resource, namespace, name, asked.subresource) });
  }
  return { requests, single: requests.length === 1 };
}
