/**
 * From what people write to resources: "po", "pods", "Pod", "deployments.apps", "deployments.v1.apps", "all".
 * Holds: a plain name means the first group of the server that has it, in its preferred version.
 */
import { groupVersion, parseGroupVersion } from "@kubets/api/resource-ref";
import { UsageError } from "../errors.ts";
import type { ApiGroup, ApiResource } from "./discovery.ts";

export type { ApiResource } from "./discovery.ts";

export class Mapper {
  readonly groups: readonly ApiGroup[];
  /** Of preferred versions, then of the others. */
  readonly #all: readonly ApiResource[];

  constructor(groups: readonly ApiGroup[]) {
    this.groups = groups;
    const versions = (from: number, to?: number) =>
      groups.flatMap((group) => group.versions.slice(from, to).flatMap(({ resources }) => resources));
    this.#all = [...versions(0, 1), ...versions(1)];
  }

  /** The resource of a written name; throws if the server has none. */
  resource(written: string): ApiResource {
    const found = this.find(written);
    if (!found) throw new UsageError(`the server doesn't have a resource type "${written}"`);
    return found;
  }

  find(written: string): ApiResource | undefined {
    const dot = written.indexOf(".");
    if (dot < 0) return named(this.#all, written);
    const name = written.slice(0, dot);
    const rest = written.slice(dot + 1);
    const exact = this.#all.filter(
      ({ group, version }) => `${version}.${group}` === rest || (group === "" && version === rest),
    );
    return named(exact, name) ?? named(this.#inGroup(rest), name);
  }

  /** Those of a category ("all"), in the order of the server. */
  category(name: string): ApiResource[] {
    const seen = new Set<string>();
    return this.#all.filter((each) => {
      const key = `${each.resource}.${each.group}`;
      if (!each.categories.includes(name) || seen.has(key)) return false;
      seen.add(key);
      return true;
    });
  }

  forKind(apiVersion: string, kind: string): ApiResource {
    const { group, version } = parseGroupVersion(apiVersion);
    const found = this.#all.find((each) => each.kind === kind && each.group === group && each.version === version);
    if (!found)
      throw new UsageError(`no matches for kind ${JSON.stringify(kind)} in version ${JSON.stringify(apiVersion)}`);
    return found;
  }

  #inGroup(text: string): ApiResource[] {
    const exact = this.#all.filter(({ group }) => group === text);
    // The original also takes the beginning of a group's name.
    return exact.length > 0 ? exact : this.#all.filter(({ group }) => group.startsWith(text));
  }
}

function named(resources: readonly ApiResource[], written: string): ApiResource | undefined {
  const name = written.toLowerCase();
  return (
    resources.find(({ resource, singular }) => resource === name || singular === name) ??
    resources.find(({ shortNames }) => shortNames.includes(name)) ??
    resources.find(({ kind }) => kind.toLowerCase() === name)
  );
}

export const apiVersionOf = (resource: Pick<ApiResource, "group" | "version">): string => groupVersion(resource);

/** "pod", "deployment.apps": how messages name a kind. */
export const kindText = ({ kind, group }: Pick<ApiResource, "kind" | "group">): string =>
  group ? `${kind.toLowerCase()}.${group}` : kind.toLowerCase();

/** "pods", "deployments.apps". */
export const resourceText = ({ resource, group }: Pick<ApiResource, "resource" | "group">): string =>
  group ? `${resource}.${group}` : resource;

export function pathOf(resource: ApiResource, namespace?: string, name?: string, subresource?: string): string {
  let path = resource.group ? `/apis/${resource.group}/${resource.version}` : `/api/${resource.version}`;
  if (resource.namespaced && namespace) path += `/namespaces/${encodeURIComponent(namespace)}`;
  path += `/${resource.resource}`;
  if (name) path += `/${encodeURIComponent(name)}`;
  return subresource ? `${path}/${subresource}` : path;
}
