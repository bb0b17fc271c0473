/**
 * The metrics API (metrics.k8s.io), which `kubectl top` and autoscaling ask: an API server of two resources behind the cluster's own, which alone may
 * call it and has decided by then who may ask.
 */
import { nodes, pods } from "@kubets/api/generated/refs";
import type { Node, Pod } from "@kubets/api/generated/types/core-v1";
import type { SharedInformers } from "@kubets/client/informer/shared-informers";
import { type Clock, notFound, StatusError } from "@kubets/machinery";
import { parseLabelSelector } from "@kubets/machinery/label-selector";
import { type Exchange, type Listener, listen, type ServerTls } from "@kubets/wire/http";
import { GROUP, groupVersions, listOf, nodeMetrics, podMetrics, resources, VERSION } from "./objects.ts";
import type { Scraper } from "./scraper.ts";

interface MetricsApiOptions {
  readonly cache: SharedInformers;
  readonly scraper: Scraper;
  readonly clock: Clock;
  readonly tls: ServerTls;
  readonly host: string;
  /** The common name of the only caller. */
  readonly caller: string;
}

export function serveMetricsApi(options: MetricsApiOptions): Promise<Listener> {
  const source = new MetricsSource(options);
  const handle = async (exchange: Exchange): Promise<void> => {
    if (exchange.peer.certificate()?.commonName !== options.caller)
      return respond(exchange, 401, {
        kind: "Status",
        apiVersion: "v1",
        status: "Failure",
        code: 401,
        reason: "Unauthorized",
      });
    respond(exchange, 200, await source.answer(new URL(exchange.url, "https://metrics")));
  };
  return listen({
    tls: options.tls,
    host: options.host,
    port: 0,
    handler: (exchange) =>
      void handle(exchange).catch((error: unknown) => {
        const { code, status } =
          error instanceof StatusError
            ? { code: error.code, status: error.status }
            : { code: 500, status: { kind: "Status", apiVersion: "v1", status: "Failure", message: String(error) } };
        respond(exchange, code, status);
      }),
  });
}

const respond = (exchange: Exchange, code: number, body: object): void =>
  exchange.respond(code, ["content-type", "application/json"], Buffer.from(JSON.stringify(body)));

class MetricsSource {
  readonly #options: MetricsApiOptions;

  constructor(options: MetricsApiOptions) {
    this.#options = options;
  }

  async answer({ pathname, searchParams }: URL): Promise<object> {
    const [root, group, version, ...rest] = pathname.split("/").filter(Boolean).map(decodeURIComponent);
    if (root !== "apis" || group !== GROUP) throw notFound({ group: "", resource: "paths" }, pathname);
    if (version === undefined) return groupVersions;
    if (version !== VERSION) throw notFound({ group: GROUP, resource: "versions" }, version);
    const namespace = rest[0] === "namespaces" ? rest[1] : undefined;
    const [resource, name] = namespace === undefined ? rest : rest.slice(2);
    const selector = searchParams.get("labelSelector") ?? "";
    if (resource === undefined) return resources;
    if (resource === "nodes") return await this.#nodes(name, selector);
    if (resource === "pods") return await this.#pods(namespace, name, selector);
    throw notFound({ group: GROUP, resource }, name ?? "");
  }

  async #nodes(name: string | undefined, selector: string): Promise<object> {
    const { cache, scraper, clock } = this.#options;
    const all = cache.informer(nodes).list();
    scraper.forget(new Set(all.map(({ metadata }) => metadata.name)));
    const chosen = all.filter(
      ({ metadata }) => (name === undefined || metadata.name === name) && fits(selector, metadata.labels),
    );
    const found = await Promise.all(
      chosen.map(async (node) => nodeMetrics(node, await scraper.usage(node), clock.now())),
    );
    return answerOf("nodes", "NodeMetricsList", name, found);
  }

  async #pods(namespace: string | undefined, name: string | undefined, selector: string): Promise<object> {
    const { cache, scraper, clock } = this.#options;
    const chosen = cache
      .informer(pods)
      .list()
      .filter(
        ({ metadata, spec }: Pod) =>
          spec.nodeName &&
          (namespace === undefined || metadata.namespace === namespace) &&
          (name === undefined || metadata.name === name) &&
          fits(selector, metadata.labels),
      );
    const byName = new Map(
      cache
        .informer(nodes)
        .list()
        .map((node: Node) => [node.metadata.name, node]),
    );
    const found = await Promise.all(
      chosen.map(async (pod) => {
        const node = byName.get(pod.spec.nodeName ?? "");
        return node && podMetrics(pod, await scraper.usage(node), clock.now());
      }),
    );
    return answerOf("pods", "PodMetricsList", name, found);
  }
}

function answerOf(
  resource: string,
  kind: string,
  name: string | undefined,
  found: readonly (object | undefined)[],
): object {
  const items = found.filter((each) => each !== undefined);
  if (name === undefined) return listOf(kind, items);
  if (!items[0]) throw notFound({ group: GROUP, resource }, name);
  return items[0];
}

const fits = (selector: string, labels: Readonly<Record<string, string>> | undefined): boolean =>
  selector === "" || parseLabelSelector(selector).matches(labels ?? {});
