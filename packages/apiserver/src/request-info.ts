/**
 * What a request asks for, read off its method and path. The words (verbs, fields) are those that authorization, audit and fairness use.
 */
import { badRequest, pathSegmentName } from "@kubets/machinery";

export interface RequestInfo {
  readonly verb: string;
  readonly path: string;
  readonly query: URLSearchParams;
  /** False: a path that names no resource, such as /healthz or /apis. */
  readonly isResource: boolean;
  readonly group: string;
  readonly version: string;
  readonly namespace: string;
  readonly resource: string;
  readonly subresource: string;
  readonly name: string;
  /** Segments behind the subresource, for proxies: "/a/b". */
  readonly rest: string;
}

const WRITE_VERBS: Record<string, string> = { POST: "create", PUT: "update", PATCH: "patch", DELETE: "delete" };
const EMPTY_QUERY = new URLSearchParams();
/** Below a namespace these are its own subresources, not resources in it. */
const NAMESPACE_SUBRESOURCES = new Set(["status", "finalize"]);

export function readRequestInfo(method: string, url: string): RequestInfo {
  const mark = url.indexOf("?");
  const path = mark < 0 ? url : url.slice(0, mark);
  const query = mark < 0 ? EMPTY_QUERY : new URLSearchParams(url.slice(mark + 1));
  const segments = path.split("/");
  // "/api/v1/..." splits into "", "api", "v1", ...; "/apis/GROUP/VERSION/..." has one more.
  const at = segments[1] === "api" ? 2 : segments[1] === "apis" ? 3 : 0;
  if (at === 0 || segments.length <= at + 1 || segments[at + 1] === "") return nonResource(method, path, query);

  let next = at + 1;
  let legacyWatch = false;
  if (segments[next] === "watch" && segments.length > next + 1) {
    legacyWatch = true;
    next++;
  }
  let namespace = "";
  if (segments[next] === "namespaces" && segments.length > next + 1 && segments[next + 1] !== "") {
    namespace = decode(segments[next + 1]);
    const below = segments[next + 2];
    if (below !== undefined && below !== "" && !NAMESPACE_SUBRESOURCES.has(below)) next += 2;
  }
  const resource = segments[next] ?? "";
  let name = decode(segments[next + 1]);
  const subresource = decode(segments[next + 2]);
  const verb = legacyWatch ? "watch" : verbOf(method, name, query);
  if (name === "" && query.size > 0 && verb !== "create") name = selectedName(query.get("fieldSelector"));
  return {
    verb,
    path,
    query,
    isResource: true,
    group: at === 3 ? (segments[2] as string) : "",
    version: segments[at] as string,
    namespace,
    resource,
    subresource,
    name,
    rest: segments.length > next + 3 ? `/${segments.slice(next + 3).join("/")}` : "",
  };
}

function verbOf(method: string, name: string, query: URLSearchParams): string {
  if (method === "GET" || method === "HEAD") {
    if (name !== "") return "get";
    return isTrue(query.get("watch")) ? "watch" : "list";
  }
  if (method === "DELETE" && name === "") return "deletecollection";
  return WRITE_VERBS[method] ?? method.toLowerCase();
}

/** Lists and watches of one object by a field selector are asked for by its name. */
function selectedName(selector: string | null): string {
  if (!selector?.includes("metadata.name=")) return "";
  const name = /(?:^|,)metadata\.name==?([^,=\\]+)(?:,|$)/.exec(selector)?.[1] ?? "";
  return pathSegmentName(name).length ? "" : name;
}

/** As Go reads a boolean of a query: present and not "0" or "false". */
export const isTrue = (value: string | null | undefined): boolean =>
  value !== null && value !== undefined && value !== "" && value !== "0" && value.toLowerCase() !== "false";

/** A number of a query, refused in Go's words when it is none. */
export function queryInteger(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null) return undefined;
  if (!/^[+-]?\d+$/.test(text)) throw badRequest(`strconv.ParseInt: parsing "${text}": invalid syntax`);
  const number = BigInt(text);
  if (BigInt.asIntN(64, number) !== number) throw badRequest(`strconv.ParseInt: parsing "${text}": value out of range`);
  return Number(text);
}

function nonResource(method: string, path: string, query: URLSearchParams): RequestInfo {
  const verb = method.toLowerCase();
  return {
    verb,
    path,
    query,
    isResource: false,
    group: "",
    version: "",
    namespace: "",
    resource: "",
    subresource: "",
    name: "",
    rest: "",
  };
}

function decode(segment: string | undefined): string {
  if (segment === undefined) return "";
  if (!segment.includes("%")) return segment;
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
