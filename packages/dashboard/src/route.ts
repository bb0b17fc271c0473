/** Where one is in the dashboard, as the part of the address behind `#` says it: the browser's own back, forward and bookmarks work. */

/** A kind by the names that its paths have. */
export interface KindName {
  readonly group: string;
  readonly version: string;
  readonly resource: string;
}

export type Route =
  | { readonly page: "overview" }
  | {
      readonly page: "list";
      readonly kind: KindName;
      /** All of them where it is empty. */
      readonly namespace: string;
      readonly labelSelector: string;
      readonly fieldSelector: string;
      readonly filter: string;
    }
  | {
      readonly page: "object";
      readonly kind: KindName;
      /** Empty for what is in none. */
      readonly namespace: string;
      readonly name: string;
      readonly tab: string;
      /** Of a pod's logs and shell. */
      readonly container: string;
    }
  | { readonly page: "create"; readonly namespace: string };

/** No namespace can be called so. */
const NONE = "-";

/** `deployments.v1.apps`, and `pods.v1` in the core group. */
const nameOf = ({ group, version, resource }: KindName): string => [resource, version, group].filter(Boolean).join(".");

export function addressOf(route: Route): string {
  if (route.page === "overview") return "#/";
  if (route.page === "create") return withQuery("#/create", { namespace: route.namespace });
  const { kind, namespace } = route;
  if (route.page === "list") {
    const { labelSelector, fieldSelector, filter } = route;
    return withQuery(`#/${nameOf(kind)}`, { namespace, labelSelector, fieldSelector, filter });
  }
  const path = [nameOf(kind), namespace || NONE, route.name].map(encodeURIComponent).join("/");
  return withQuery(`#/${path}`, { tab: route.tab, container: route.container });
}

/** What is no address of the dashboard leads to its first page. */
export function routeOf(address: string): Route {
  const [path = "", query = ""] = address.replace(/^#?\/?/, "").split(/\?(.*)/s);
  const asked = new URLSearchParams(query);
  const part = (name: string): string => asked.get(name) ?? "";
  const [first = "", namespace, name] = path.split("/").map(decoded);
  if (first === "create") return { page: "create", namespace: part("namespace") };
  const [, resource, version, group = ""] = /^([^.]+)\.([^.]+)(?:\.(.+))?$/.exec(first) ?? [];
  if (!resource || !version) return { page: "overview" };
  const kind = { group, version, resource };
  if (namespace && name) {
    const within = namespace === NONE ? "" : namespace;
    return { page: "object", kind, namespace: within, name, tab: part("tab"), container: part("container") };
  }
  return {
    page: "list",
    kind,
    namespace: part("namespace"),
    labelSelector: part("labelSelector"),
    fieldSelector: part("fieldSelector"),
    filter: part("filter"),
  };
}

/** The address of a list, of which no more than the kind must be said. */
export const listAddress = (
  kind: KindName,
  asked: { namespace?: string; labelSelector?: string; fieldSelector?: string; filter?: string } = {},
): string =>
  addressOf({ page: "list", kind, namespace: "", labelSelector: "", fieldSelector: "", filter: "", ...asked });

export const objectAddress = (
  kind: KindName,
  { namespace = "", name = "" }: { readonly namespace?: string; readonly name?: string },
  asked: { tab?: string; container?: string } = {},
): string => addressOf({ page: "object", kind, namespace, name, tab: "", container: "", ...asked });

function withQuery(path: string, parts: Readonly<Record<string, string>>): string {
  const query = new URLSearchParams(Object.entries(parts).filter(([, value]) => value)).toString();
  return query ? `${path}?${query}` : path;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
