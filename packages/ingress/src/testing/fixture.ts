/** An ingress on loopback before a cluster in memory, and servers behind it. */
import { endpointslices, ingressclasses, ingresses, secrets, services } from "@kubets/api/generated/refs";
import { createClient, SharedInformers } from "@kubets/client";
import { MemoryApi } from "@kubets/client/testing/memory-api";
import { realClock, realRandom, silentLogger } from "@kubets/machinery";
import { MetricsRegistry } from "@kubets/machinery/metrics";
import { type RunningIngress, startIngress } from "../run-ingress.ts";

const CONTROLLER = "kubets.io/ingress";

interface PathOptions {
  readonly path?: string;
  readonly type?: string;
  readonly service?: string;
}

export interface IngressOptions {
  readonly name?: string;
  readonly namespace?: string;
  readonly host?: string;
  readonly paths?: readonly PathOptions[];
  /** Without the prefix of ingress-nginx. */
  readonly annotations?: Readonly<Record<string, string>>;
  readonly tls?: readonly { hosts: readonly string[]; secretName?: string }[];
  readonly defaultService?: string;
  readonly className?: string;
  readonly created?: string;
}

const backendOf = (service: string) => ({ service: { name: service, port: { number: 80 } } });

export function ingressObject(options: IngressOptions) {
  const {
    name = "a",
    namespace = "default",
    host,
    paths = [{}],
    annotations = {},
    tls,
    defaultService,
    className = "kubets",
    created,
  } = options;
  return {
    apiVersion: "networking.k8s.io/v1",
    kind: "Ingress",
    metadata: {
      name,
      namespace,
      ...(created && { creationTimestamp: created }),
      annotations: Object.fromEntries(
        Object.entries(annotations).map(([key, value]) => [`nginx.ingress.kubernetes.io/${key}`, value]),
      ),
    },
    spec: {
      ingressClassName: className,
      ...(tls && { tls }),
      ...(defaultService && { defaultBackend: backendOf(defaultService) }),
      rules: paths.length
        ? [
            {
              ...(host && { host }),
              http: {
                paths: paths.map(({ path = "/", type = "Prefix", service = "web" }) => ({
                  path,
                  pathType: type,
                  backend: backendOf(service),
                })),
              },
            },
          ]
        : [],
    },
    status: { loadBalancer: {} },
  } as const;
}

interface EndpointState {
  readonly ready?: boolean;
  readonly serving?: boolean;
  readonly terminating?: boolean;
}

export class Fixture {
  readonly api = new MemoryApi();
  readonly client = createClient(this.api);
  readonly metrics = new MetricsRegistry();
  readonly stop = new AbortController();
  #running: RunningIngress | undefined;

  async start(options: { publicHttpsPort?: number } = {}): Promise<void> {
    await this.client.create(ingressclasses, { metadata: { name: "kubets" }, spec: { controller: CONTROLLER } });
    const parts = { clock: realClock, random: realRandom, log: silentLogger, signal: this.stop.signal };
    this.#running = await startIngress({
      ...parts,
      ...options,
      cache: new SharedInformers({ client: this.client, ...parts }),
      classes: { controller: CONTROLLER, name: "kubets", takesUnnamed: false },
      places: [
        { host: "127.0.0.1", port: 0, isSecure: false },
        { host: "127.0.0.1", port: 0, isSecure: true },
      ],
      metrics: this.metrics,
    });
  }

  get running(): RunningIngress {
    if (!this.#running) throw new Error("start first");
    return this.#running;
  }

  get port(): number {
    return this.running.ports[0] as number;
  }

  get httpsPort(): number {
    return this.running.ports[1] as number;
  }

  async end(): Promise<void> {
    this.stop.abort();
    await this.#running?.close();
  }

  async ingress(options: IngressOptions): Promise<void> {
    const object = ingressObject(options);
    const { namespace, name } = object.metadata;
    const before = this.running.following.routes.get(`${namespace}/${name}`);
    if (before) await this.client.update(ingresses, object as never);
    else await this.client.create(ingresses, object as never);
    await this.until(() => this.running.following.routes.get(`${namespace}/${name}`) !== before);
  }

  async removeIngress(name: string): Promise<void> {
    await this.client.delete(ingresses, { namespace: "default", name });
    await this.until(() => this.running.following.routes.get(`default/${name}`) === undefined);
  }

  /** A service with one port 80, and the ports on loopback that are behind it. */
  async service(name: string, ports: readonly number[] | ReadonlyMap<number, EndpointState>): Promise<void> {
    const states = ports instanceof Map ? ports : new Map((ports as readonly number[]).map((port) => [port, {}]));
    const metadata = { name, namespace: "default" };
    const known = await this.client.get(services, metadata).then(
      () => true,
      () => false,
    );
    if (!known)
      await this.client.create(services, {
        metadata,
        spec: { type: "ClusterIP", clusterIP: "127.0.0.1", ports: [{ name: "http", port: 80, protocol: "TCP" }] },
      } as never);
    // All of them are 127.0.0.1: a slice for each port.
    for (const slice of (await this.client.list(endpointslices, { namespace: "default" })).items)
      if (slice.metadata.labels?.["kubernetes.io/service-name"] === name)
        await this.client.delete(endpointslices, slice.metadata);
    for (const [port, { ready = true, serving = true, terminating = false }] of states)
      await this.client.create(endpointslices, {
        metadata: { name: `${name}-${port}`, namespace: "default", labels: { "kubernetes.io/service-name": name } },
        addressType: "IPv4",
        ports: [{ name: "http", port, protocol: "TCP" }],
        endpoints: [
          {
            addresses: [`127.0.0.${1 + [...states.keys()].indexOf(port)}`],
            conditions: { ready, serving, terminating },
          },
        ],
      } as never);
    const expected = [...states.values()].filter(({ ready = true }) => ready).length;
    await this.until(
      () =>
        this.running.following.backends.resolve({ service: `default/${name}`, port: "80" }, false).addresses.length >=
        expected,
    );
  }

  async secret(name: string, data: Readonly<Record<string, string>>, type = "Opaque"): Promise<void> {
    const encoded = Object.fromEntries(
      Object.entries(data).map(([key, value]) => [key, Buffer.from(value).toString("base64")]),
    );
    const metadata = { name, namespace: "default" };
    const object = { metadata, type, data: encoded } as never;
    const before = this.running.following.secret(`default/${name}`);
    if (before) await this.client.update(secrets, object);
    else await this.client.create(secrets, object);
    await this.until(() => this.running.following.secret(`default/${name}`) !== before);
  }

  /** What was written has reached the ingress. */
  async until(condition: () => boolean): Promise<void> {
    for (let i = 0; i < 5000 && !condition(); i++) await new Promise((resolve) => setTimeout(resolve, 1));
    if (!condition()) throw new Error("it never came true");
  }
}
