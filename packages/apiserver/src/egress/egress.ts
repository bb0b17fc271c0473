/**
 * How the server makes its connections to others, as the egress selectors say: directly, or through a proxy. One dialer for each purpose; who has
 * none connects as always.
 */
import type { Clock } from "@kubets/machinery";
import { ConfigError } from "@kubets/machinery/config-file";
import type { Dialer } from "@kubets/wire/transport";
import { type EgressConnection, type EgressName, loadEgressConfiguration } from "./configuration.ts";
import { connectProxy } from "./http-connect.ts";
import { konnectivityProxy } from "./konnectivity.ts";
import type { EgressMetrics } from "./metrics.ts";
import { type Proxy, ProxyUnreachable } from "./proxy.ts";

export type Egress = Readonly<Partial<Record<EgressName, Dialer>>>;

const TIMEOUT_MS = 30_000;

/** Of a file; throws a ConfigError that says what is wrong with it. */
export function openEgress(path: string, clock: Clock, metrics: EgressMetrics): Egress {
  const selections = [...loadEgressConfiguration(path)];
  try {
    return Object.fromEntries(
      selections.flatMap(([name, connection]) => {
        const proxy = proxyOf(connection);
        return proxy ? [[name, dialerBy(proxy, clock, metrics)]] : [];
      }),
    );
  } catch (error) {
    throw new ConfigError(`${path}: failed to setup egress selector: ${(error as Error).message}`);
  }
}

function proxyOf(connection: EgressConnection): Proxy | undefined {
  switch (connection.protocol) {
    case "Direct":
      return undefined;
    case "HTTPConnect":
      return connectProxy(connection.proxy);
    case "GRPC":
      return konnectivityProxy(connection.proxy.uds.udsName);
  }
}

function dialerBy(proxy: Proxy, clock: Clock, metrics: EgressMetrics): Dialer {
  const { labels } = proxy;
  return async (host, port) => {
    const began = clock.monotonic();
    const late = new AbortController();
    const timer = clock.after(TIMEOUT_MS, () => late.abort(new Error("i/o timeout")));
    metrics.started(labels);
    try {
      const made = await proxy.dial(host, port, late.signal);
      metrics.made(labels, (clock.monotonic() - began) / 1000);
      return made;
    } catch (error) {
      metrics.failed(labels, error instanceof ProxyUnreachable ? "connect" : "proxy");
      throw error;
    } finally {
      timer.cancel();
    }
  };
}
