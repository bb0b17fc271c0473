/**
 * The ingress as a whole: follows the cluster, listens, and passes requests on.
 * Holds: it listens only when it knows all that there is; when it stops, it takes no new connections, and requests under way have the grace
 * time to end.
 */
import type { Cache } from "@kubets/client";
import { ownCertificate } from "@kubets/client/component/own-certificate";
import type { Clock, Logger, Random } from "@kubets/machinery";
import type { MetricsRegistry } from "@kubets/machinery/metrics";
import { Passwords } from "./auth/passwords.ts";
import { Contexts } from "./contexts.ts";
import { Following } from "./follow.ts";
import { type Listener, listen } from "./http/listener.ts";
import { ingressMetrics } from "./metrics.ts";
import type { ClassOptions } from "./plan/classes.ts";
import { Proxy } from "./proxy/proxy.ts";

export interface Place {
  readonly host?: string;
  readonly port?: number;
  readonly fd?: number;
  readonly isSecure: boolean;
  readonly reusePort?: boolean;
}

export interface IngressOptions {
  readonly cache: Pick<Cache, "informer">;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly classes: ClassOptions;
  readonly places: readonly Place[];
  /** "namespace/name" of the secret for names that have none of their own; "" for a certificate made here. */
  readonly defaultCertificate?: string;
  /** At which clients reach TLS; 0 for the port at which it is served. */
  readonly publicHttpsPort?: number;
  readonly metrics: MetricsRegistry;
  readonly signal: AbortSignal;
}

export interface RunningIngress {
  readonly following: Following;
  /** In the order of `places`. */
  readonly ports: readonly number[];
  close(graceMs?: number): Promise<void>;
}

export async function startIngress(options: IngressOptions): Promise<RunningIngress> {
  const {
    cache,
    clock,
    random,
    log,
    classes,
    places,
    defaultCertificate = "",
    publicHttpsPort = 0,
    metrics,
    signal,
  } = options;
  const following = new Following({
    cache,
    classes,
    signal,
    forgotten: (addresses) => proxy.upstreams.forget(addresses),
  });
  const told = ingressMetrics(metrics);
  const proxy = new Proxy({
    routes: following.routes,
    backends: following.backends,
    isKnown: new Passwords((key) => following.secret(key)).isKnown,
    httpsPort: (port) => publicHttpsPort || (httpsPortOf.get(port) ?? 443),
    random: () => random.float(),
    now: () => clock.now(),
    told: {
      answered: told.answered,
      failed(route, failure) {
        told.failed(route, failure);
        log.debug("a server failed a request", {
          ingress: route.ingress.key,
          kind: failure.kind,
          error: failure.message,
        });
      },
    },
  });
  await Promise.race([following.ready, stopped(signal)]);
  const contexts = new Contexts();
  const tls = {
    ...ownCertificate("ingress.local", "0.0.0.0", clock.now()),
    contextFor(name: string) {
      for (const key of [following.certificates.secretFor(name), defaultCertificate]) {
        const secret = key ? following.secret(key) : undefined;
        if (secret && !contexts.problem(key, secret)) return contexts.of(secret);
      }
      return undefined;
    },
  };
  const listeners: Listener[] = [];
  const httpsPortOf = new Map<number, number>();
  const close = async (graceMs = 0) => {
    await Promise.all(listeners.map((listener) => listener.close(graceMs)));
    proxy.upstreams.close();
  };
  try {
    for (const { isSecure, ...place } of places)
      listeners.push(await listen({ ...place, handler: proxy.handle, ...(isSecure && { tls }) }));
  } catch (error) {
    await close();
    throw error;
  }
  for (const [i, place] of places.entries()) {
    // Sockets that were handed over belong together.
    const secure = places.findIndex((each) => each.isSecure && (each.fd === undefined) === (place.fd === undefined));
    if (secure >= 0) httpsPortOf.set(listeners[i]?.port ?? 0, listeners[secure]?.port ?? 0);
  }
  connectionMetrics(metrics, listeners);
  return { following, ports: listeners.map(({ port }) => port), close };
}

function connectionMetrics(registry: MetricsRegistry, listeners: readonly Listener[]): void {
  const gauge = registry.gauge({ name: "nginx_ingress_controller_connections", help: "Open connections of clients." });
  registry.onCollect(() => gauge.values().set(listeners.reduce((sum, { connections }) => sum + connections, 0)));
}

const stopped = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    const stop = () => reject(signal.reason as Error);
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop, { once: true });
  });
