/**
 * What the server tells of its requests, by the original's names.
 * Holds: a request costs well below a microsecond here: all that is counted for requests of one kind is found by one look-up, and the
 * answer is counted where it begins. Watches and streams count among the long-running ones until they end.
 */
import type { Counter, Gauge, Histogram, MetricsRegistry } from "@kubets/machinery/metrics";
import { isLongRunning } from "../fairness/long-running.ts";
import type { CoreExchange } from "../front/core-exchange.ts";
import type { Aftermath } from "../front/deadlines.ts";
import { onAnswer } from "../front/on-answer.ts";
import { type RequestInfo, readRequestInfo } from "../request-info.ts";
import type { ServedResources } from "../served-resource.ts";
import type { Server } from "../server-context.ts";

const SECONDS = [0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45, 60];
const SIZES = [1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9];
const BODY_SIZES = Array.from({ length: 31 }, (_, i) => 50_000 + i * 100_000);
const OF_RESOURCE = ["component", "group", "resource", "scope", "subresource", "verb", "version"];
const OF_REQUEST = ["component", "dry_run", "group", "resource", "scope", "subresource", "verb", "version"];

/** The original's words for verbs; what is not here is said in capitals. */
const VERBS: Readonly<Record<string, string>> = { create: "POST", update: "PUT", head: "GET" };
const CONNECTS = new Set(["exec", "attach", "portforward", "proxy"]);

/** All others, which clients may make up, are counted as one. */
const COUNTED = new Set(
  "create update patch delete deletecollection get list watch head post put proxy connect".split(" "),
);

/** Who turned a request away: this server, or what stands between it and the servers behind it. */
type Terminator = "apiserver" | "aggregator";

/** What this server answers itself, and what others behind it do. */
type Answering = Pick<Server, "served" | "aggregation">;

/** Everything that is counted for requests of one kind. */
interface Kind {
  /** As OF_RESOURCE names them, without the component. */
  readonly labels: readonly string[];
  readonly isLong: boolean;
  readonly isMutating: boolean;
  readonly isRead: boolean;
  readonly byCode: Map<number, Counter>;
  counter(code: number): Counter;
  readonly seconds: Histogram;
  readonly sliSeconds: Histogram;
  readonly sizes: Histogram;
  readonly running: Gauge;
}

export class RequestMetrics {
  readonly #families: ReturnType<typeof families>;
  readonly #kinds = new Map<string, Kind>();
  /** What was told of others. */
  readonly #passedOn = new Set<string>();
  readonly #inFlight: { readonly mutating: Gauge; readonly readOnly: Gauge };

  constructor(registry: MetricsRegistry) {
    this.#families = families(registry);
    const { inFlight } = this.#families;
    this.#inFlight = { mutating: inFlight.values("mutating"), readOnly: inFlight.values("readOnly") };
  }

  /** Counts a request from now until its answer. */
  begin(exchange: CoreExchange, info: RequestInfo, by: Answering): void {
    if (by.aggregation.remotes.ofPath(info.path)) return this.#passOn(exchange, info);
    const kind = this.#kindOf(exchange, info, by.served);
    const began = performance.now();
    const current = kind.isLong ? kind.running : kind.isMutating ? this.#inFlight.mutating : this.#inFlight.readOnly;
    current.value++;
    let open = true;
    const end = (code: number, size: number | undefined) => {
      if (!open) return;
      open = false;
      current.value--;
      const seconds = (performance.now() - began) / 1000;
      (kind.byCode.get(code) ?? kind.counter(code)).value++;
      kind.seconds.observe(seconds);
      if (!kind.isLong) kind.sliSeconds.observe(seconds);
      if (size !== undefined && kind.isRead) kind.sizes.observe(size);
    };
    onAnswer(exchange, (status, size) => {
      if (kind.isLong && size === undefined) exchange.onClose(() => end(status, undefined));
      else end(status, size);
    });
  }

  /** Requests to others are counted by who answers them, and here only while they are in work. */
  #passOn(exchange: CoreExchange, info: RequestInfo): void {
    if (isLongRunning(info)) return;
    const current = READ_VERBS.has(info.verb) ? this.#inFlight.readOnly : this.#inFlight.mutating;
    current.value++;
    exchange.onClose(() => {
      current.value--;
    });
  }

  tlsFailed(): void {
    this.#families.tlsErrors.value++;
  }

  /** Counts the bytes that were sent. */
  body({ group, resource, verb }: RequestInfo, size: number): void {
    this.#families.bodies.values(group, resource, verb).observe(size);
  }

  /** A request that is turned away although nothing is wrong with it. */
  terminated(exchange: CoreExchange, info: RequestInfo, by: Answering, terminator: Terminator, code: number): void {
    this.#families.terminations.values(String(code), terminator, ...this.#labelsOf(exchange, info, by)).inc();
  }

  /** What came of a request behind the answer that it took too long. */
  wentOn(aftermath: Aftermath, isWrite: boolean): void {
    if (isWrite) this.#families.wentOn.values("rest-handler", aftermath).inc();
    else this.#families.wentOn.values("timeout-handler", aftermath === "panic" ? "panic" : "ok").inc();
  }

  /** A request whose answer was broken off. */
  aborted(exchange: CoreExchange, info: RequestInfo, by: Answering): void {
    this.#families.aborts.values(...this.#labelsOf(exchange, info, by)).inc();
  }

  /** What others serve is told by its names, as long as there are not so many that they must be made up. */
  #labelsOf(exchange: CoreExchange, info: RequestInfo, { served, aggregation }: Answering): readonly string[] {
    if (!aggregation.remotes.ofPath(info.path)) return this.#kindOf(exchange, info, served).labels;
    const verb = verbOf(exchange, info);
    const labels = labelsOf(info, verb, SCOPES[scopeOf(info, verb)] ?? "");
    const key = labels.join("/");
    if (this.#passedOn.size < MOST_PASSED_ON) this.#passedOn.add(key);
    return this.#passedOn.has(key) ? labels : this.#unknown(info).labels;
  }

  /** Notes that something was asked for which will go, as its warning says. */
  deprecated({ group, resource, subresource, version }: RequestInfo, warning: string): void {
    const removed = /unavailable in v(\d+\.\d+)/.exec(warning)?.[1] ?? "";
    this.#families.deprecated.values(group, removed, resource, subresource, version).set(1);
  }

  #kindOf(exchange: CoreExchange, info: RequestInfo, served: ServedResources): Kind {
    const { group, version, resource, subresource } = info;
    const verb = verbOf(exchange, info);
    const dryRun = info.query.size > 0 && info.query.has("dryRun");
    const scope = scopeOf(info, verb);
    const key = info.isResource
      ? `${verb} ${group}/${version}/${resource}/${subresource}${scope}${dryRun ? "d" : ""}`
      : `${verb} ${pathOf(info)}`;
    let kind = this.#kinds.get(key);
    if (!kind) {
      if (!isServed(served, info)) return this.#unknown(info);
      this.#kinds.set(key, (kind = this.#makeKind(info, verb, SCOPES[scope] ?? "", dryRun)));
    }
    return kind;
  }

  /** What is not there is counted as one: names that are made up fill no memory. */
  #unknown({ verb }: RequestInfo): Kind {
    const told = READ_VERBS.has(verb) ? "get" : "post";
    const key = `unknown ${told}`;
    let kind = this.#kinds.get(key);
    if (!kind) this.#kinds.set(key, (kind = this.#makeKind({ ...NOTHING, verb: told }, told, "", false)));
    return kind;
  }

  #makeKind(info: RequestInfo, verb: string, scope: string, dryRun: boolean): Kind {
    const { requests, seconds, sliSeconds, sizes, running } = this.#families;
    const labels = labelsOf(info, verb, scope);
    const [, , , subresource, told] = labels as readonly [string, string, string, string, string];
    const component = info.isResource ? "apiserver" : "";
    const ofResource = [component, ...labels];
    const ofRequest = [component, dryRun ? "All" : "", ...labels];
    const byCode = new Map<number, Counter>();
    return {
      labels,
      isLong: told === "WATCH" || told === "CONNECT" || (subresource === "log" && info.query.has("follow")),
      isMutating: !READS.has(told),
      isRead: READS.has(told),
      byCode,
      counter(code) {
        const counter = requests.values(String(code), ...ofRequest);
        byCode.set(code, counter);
        return counter;
      },
      seconds: seconds.values(...ofRequest),
      sliSeconds: sliSeconds.values(...ofResource),
      sizes: sizes.values(...ofResource),
      running: running.values(...ofResource),
    };
  }
}

const verbOf = (exchange: CoreExchange, { verb }: RequestInfo): string => {
  if (verb === "patch" && exchange.header("content-type")?.startsWith("application/apply-patch")) return "apply";
  return COUNTED.has(verb) ? verb : "other";
};

const scopeOf = ({ isResource, name, namespace }: RequestInfo, verb: string): string => {
  if (!isResource) return "";
  if (name !== "" || verb === "create") return namespace ? "n" : "r";
  return namespace ? "N" : "c";
};

/** As OF_RESOURCE names them, without the component. */
function labelsOf(info: RequestInfo, verb: string, scope: string): readonly string[] {
  const { group, version, resource } = info;
  const subresource = info.isResource ? info.subresource : pathOf(info);
  const told = CONNECTS.has(subresource) ? "CONNECT" : (VERBS[verb] ?? verb.toUpperCase());
  return [group, resource, scope, subresource, told, version];
}

const MOST_PASSED_ON = 1000;
const READ_VERBS = new Set(["get", "list", "watch", "head"]);
const NOTHING = readRequestInfo("GET", "/");

const isServed = (
  served: ServedResources,
  { isResource, group, version, resource, subresource, verb }: RequestInfo,
) => {
  if (!isResource) return READ_VERBS.has(verb);
  const found = served.get(group, version, resource);
  return found !== undefined && (subresource === "" || found.definition.subresources?.[subresource] !== undefined);
};
const READS = new Set(["GET", "LIST", "WATCH"]);
const SCOPES: Readonly<Record<string, string>> = { n: "resource", r: "resource", N: "namespace", c: "cluster" };

/** Paths of health and the like are told; all others are one. */
const pathOf = ({ path }: RequestInfo): string => (KNOWN_PATH.test(path) ? path : "");
const KNOWN_PATH =
  /^\/(healthz|livez|readyz|metrics|version|openapi\/v[23]|statusz|flagz|configz)$|^\/(healthz|livez|readyz)\/(ping|log|etcd)$/;

function families(registry: MetricsRegistry) {
  return {
    requests: registry.counter({
      name: "apiserver_request_total",
      help: "Requests by what they ask for and how they were answered.",
      labels: ["code", ...OF_REQUEST],
    }),
    seconds: registry.histogram({
      name: "apiserver_request_duration_seconds",
      help: "How long requests took, in seconds.",
      labels: OF_REQUEST,
      buckets: SECONDS,
    }),
    sliSeconds: registry.histogram({
      name: "apiserver_request_sli_duration_seconds",
      help: "How long requests took without what others took of it (webhooks, fairness), in seconds.",
      labels: OF_RESOURCE,
      buckets: SECONDS,
    }),
    sizes: registry.histogram({
      name: "apiserver_response_sizes",
      help: "How large answers to reads are, in bytes.",
      labels: OF_RESOURCE,
      buckets: SIZES,
    }),
    bodies: registry.histogram({
      name: "apiserver_request_body_size_bytes",
      help: "How large the bodies of requests are, in bytes.",
      labels: ["group", "resource", "verb"],
      buckets: BODY_SIZES,
    }),
    terminations: registry.counter({
      name: "apiserver_request_terminations_total",
      help: "Requests that were turned away to keep the server, or one behind it, at work.",
      labels: ["code", ...OF_RESOURCE],
    }),
    wentOn: registry.counter({
      name: "apiserver_request_post_timeout_total",
      help: "Requests that came to an end after they had been ended for taking too long.",
      labels: ["source", "status"],
    }),
    aborts: registry.counter({
      name: "apiserver_request_aborts_total",
      help: "Requests whose answers were broken off.",
      labels: OF_RESOURCE.slice(1),
    }),
    tlsErrors: registry
      .counter({ name: "apiserver_tls_handshake_errors_total", help: "Connections that came to no agreement on TLS." })
      .values(),
    deprecated: registry.gauge({
      name: "apiserver_requested_deprecated_apis",
      help: "What was asked for of APIs that will go, and with which release.",
      labels: ["group", "removed_release", "resource", "subresource", "version"],
    }),
    running: registry.gauge({
      name: "apiserver_longrunning_requests",
      help: "Watches and streams that are open.",
      labels: OF_RESOURCE,
    }),
    inFlight: registry.gauge({
      name: "apiserver_current_inflight_requests",
      help: "Requests in work.",
      labels: ["request_kind"],
    }),
  };
}
