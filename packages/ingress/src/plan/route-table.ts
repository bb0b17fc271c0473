/**
 * Which rule a request meets: first the host (its own name, then the one with a star for its first label, then all others), then the path (equal,
 * then the longest that leads).
 * Holds: where two rules are for the same, that of the older ingress counts; a change of an ingress costs the hosts that it names, no more.
 */
import type { BackendRef } from "./backend.ts";
import type { CompiledIngress, Rule } from "./compile.ts";
import type { Settings } from "./settings.ts";

export interface Route {
  readonly ingress: CompiledIngress;
  readonly host: string;
  readonly path: string;
  readonly rule: Rule;
  readonly settings: Settings;
  readonly backend: BackendRef | undefined;
  /** The host has TLS. */
  readonly hasTls: boolean;
  /** Others that may get the request instead. */
  readonly canaries: readonly Route[];
}

interface HostTable {
  readonly exact: ReadonlyMap<string, Route>;
  readonly prefixes: ReadonlyMap<string, Route>;
  /** Expressions, and paths that lead by their letters alone; the longest first. */
  readonly others: readonly Route[];
  readonly fallback: Route | undefined;
  /** The other of the names with and without "www.", for who came by this one. */
  readonly wwwOf: string | undefined;
}

export type Found = { readonly route: Route | undefined; readonly wwwOf: string | undefined };

export class RouteTable {
  readonly #ingresses = new Map<string, CompiledIngress>();
  readonly #ofHost = new Map<string, Set<CompiledIngress>>();
  readonly #tables = new Map<string, HostTable>();

  get(key: string): CompiledIngress | undefined {
    return this.#ingresses.get(key);
  }

  all(): Iterable<CompiledIngress> {
    return this.#ingresses.values();
  }

  set(key: string, ingress: CompiledIngress | undefined): void {
    const touched = new Set<string>();
    const before = this.#ingresses.get(key);
    if (before)
      for (const host of hostsOf(before)) {
        this.#ofHost.get(host)?.delete(before);
        touched.add(host);
      }
    if (ingress) {
      this.#ingresses.set(key, ingress);
      for (const host of hostsOf(ingress)) {
        const all = this.#ofHost.get(host) ?? new Set();
        this.#ofHost.set(host, all.add(ingress));
        touched.add(host);
      }
    } else this.#ingresses.delete(key);
    for (const host of touched) this.#rebuild(host);
  }

  /** `host`: lower-case, without a port. */
  find(host: string, path: string): Found {
    const table = this.#tables.get(host) ?? this.#tables.get(withStar(host)) ?? this.#tables.get("");
    const route = (table && (match(table, path) ?? table.fallback)) ?? this.#tables.get("")?.fallback;
    return { route, wwwOf: table?.wwwOf };
  }

  #rebuild(host: string): void {
    const all = [...(this.#ofHost.get(host) ?? [])].sort(byAge);
    if (all.length === 0) {
      this.#ofHost.delete(host);
      this.#tables.delete(host);
    } else this.#tables.set(host, build(host, all));
  }
}

/** "a.example.org" may be named by "*.example.org". */
export function withStar(host: string): string {
  const dot = host.indexOf(".");
  return dot < 0 ? "*" : `*${host.slice(dot)}`;
}

/** The name without "www." of one with it, and the other way around. */
const otherName = (host: string): string => (host.startsWith("www.") ? host.slice(4) : `www.${host}`);

function byAge(a: CompiledIngress, b: CompiledIngress): number {
  if (a.created !== b.created) return a.created < b.created ? -1 : 1;
  return a.key < b.key ? -1 : 1;
}

/** Names that an ingress has a say in: its rules', the other names that it leads away from, and "" for its default. */
function hostsOf({ rules, defaultBackend, settings }: CompiledIngress): Set<string> {
  const hosts = new Set(rules.map(({ host }) => host));
  if (settings.wwwRedirect) for (const { host } of rules) if (host) hosts.add(otherName(host));
  if (defaultBackend) hosts.add("");
  return hosts;
}

function build(host: string, ingresses: readonly CompiledIngress[]): HostTable {
  const hasTls = ingresses.some(({ tls }) => tls.some((each) => each.host === host || each.host === withStar(host)));
  const routes: Route[] = [];
  const canaries = new Map<string, Route[]>();
  for (const ingress of ingresses)
    for (const rule of ingress.rules) {
      if (rule.host !== host) continue;
      const route = routeOf(ingress, rule, hasTls);
      const key = sameness(rule);
      if (ingress.settings.canary) canaries.set(key, [...(canaries.get(key) ?? []), route]);
      else routes.push(route);
    }
  const exact = new Map<string, Route>();
  const prefixes = new Map<string, Route>();
  const others: Route[] = [];
  for (const plain of routes) {
    const { type, pattern, path } = plain.rule;
    const route = { ...plain, canaries: canaries.get(sameness(plain.rule)) ?? [] };
    if (pattern) others.push(route);
    else if (type === "Exact") putFirst(exact, path, route);
    else if (type === "Prefix") putFirst(prefixes, withoutSlash(path), route);
    else others.push(route);
  }
  others.sort((a, b) => b.path.length - a.path.length);
  return {
    exact,
    prefixes,
    others,
    fallback: fallbackOf(host, ingresses, hasTls),
    wwwOf: wwwOf(host, ingresses, routes),
  };
}

const sameness = ({ type, path }: Rule): string => `${type} ${path}`;

function putFirst(map: Map<string, Route>, path: string, route: Route): void {
  if (!map.has(path)) map.set(path, route);
}

const routeOf = (ingress: CompiledIngress, rule: Rule, hasTls: boolean): Route => ({
  ingress,
  host: rule.host,
  path: rule.path,
  rule,
  settings: ingress.settings,
  backend: rule.backend,
  hasTls,
  canaries: [],
});

/** What the oldest ingress of a host that has a default says. */
function fallbackOf(host: string, ingresses: readonly CompiledIngress[], hasTls: boolean): Route | undefined {
  const owner = ingresses.find(({ defaultBackend, settings }) => defaultBackend && !settings.canary);
  if (!owner) return undefined;
  const rule: Rule = { host, path: "/", type: "Prefix", pattern: undefined, backend: owner.defaultBackend };
  return routeOf(owner, rule, hasTls);
}

function wwwOf(host: string, ingresses: readonly CompiledIngress[], routes: readonly Route[]): string | undefined {
  if (routes.length > 0) return undefined;
  const other = otherName(host);
  const owner = ingresses.find(
    ({ rules, settings }) => settings.wwwRedirect && rules.some((rule) => rule.host === other),
  );
  return owner && other;
}

function match({ exact, prefixes, others }: HostTable, path: string): Route | undefined {
  const equal = exact.get(path);
  if (equal) return equal;
  const prefix = prefixes.size > 0 ? longestPrefix(prefixes, path) : undefined;
  const least = prefix ? withoutSlash(prefix.path).length : 0;
  for (const route of others) {
    if (route.path.length < least) break;
    const { pattern } = route.rule;
    if (pattern ? pattern.matcher(path).find() : path.startsWith(route.path)) return route;
  }
  return prefix;
}

/** By whole elements: /a leads to /a, /a/ and /a/b, and not to /ab. */
function longestPrefix(prefixes: ReadonlyMap<string, Route>, path: string): Route | undefined {
  for (let end = path.length; end >= 0; end = path.lastIndexOf("/", end - 1)) {
    const found = prefixes.get(withoutSlash(path.slice(0, end)));
    if (found) return found;
    if (end === 0) return undefined;
  }
  return undefined;
}

const withoutSlash = (path: string): string => (path.endsWith("/") ? path.slice(0, -1) : path);
