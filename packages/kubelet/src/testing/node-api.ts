/**
 * The little of an API server that a kubelet needs in tests, over the client's memory API: tokens of service accounts, and deletion of pods
 * with a grace time, which waits for the kubelet.
 */
import { configmaps, pods, secrets, services } from "@kubets/api/generated/refs";
import type { ConfigMap, Pod, Secret, Service } from "@kubets/api/generated/types/core-v1";
import type { Input } from "@kubets/api/meta";
import type { Client } from "@kubets/client/client";
import { MemoryApi } from "@kubets/client/testing/memory-api";
import type { ApiRequest, ApiResponse, Transport } from "@kubets/client/transport";
import { createClient } from "@kubets/client/typed-client";
import { type Clock, isReason } from "@kubets/machinery";
import { parseJson } from "@kubets/machinery/json";
import { formatTime } from "@kubets/machinery/time";

export class NodeApi {
  readonly memory = new MemoryApi({ inProcess: true });
  readonly client: Client;
  readonly #clock: Clock;
  tokens = 0;
  #isThere = Promise.resolve();
  /** Of tokens that are given out from now on. */
  tokenLifeMs = 3_600_000;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.client = createClient(this.#transport());
  }

  /** Nobody is answered until what it gives is called. */
  goAway(): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#isThere = promise;
    return resolve;
  }

  async createPod(pod: Pod): Promise<Pod> {
    return await this.client.create(pods, pod);
  }

  createConfigMap = (configMap: Input<ConfigMap>): Promise<ConfigMap> => this.client.create(configmaps, configMap);
  createSecret = (secret: Input<Secret>): Promise<Secret> => this.client.create(secrets, secret);
  createService = (service: Input<Service>): Promise<Service> => this.client.create(services, service);

  /** The pod, or undefined when it is gone. */
  async pod(name: string, namespace = "default"): Promise<Pod | undefined> {
    try {
      return await this.client.get(pods, { namespace, name });
    } catch (error) {
      if (isReason(error, "NotFound")) return undefined;
      throw error;
    }
  }

  /** As the API server marks it: the kubelet does the rest. */
  async deletePod(name: string, graceSeconds = 30, namespace = "default"): Promise<void> {
    const metadata = {
      deletionTimestamp: formatTime(this.#clock.now() + graceSeconds * 1000),
      deletionGracePeriodSeconds: graceSeconds,
    };
    await this.client.patch(pods, { namespace, name }, { type: "merge", body: { metadata } });
  }

  /** The texts of the events about one pod, as "Reason: message". */
  events(name: string): string[] {
    return this.memory.bodies.flatMap((body) => {
      const event = body as { kind?: string; involvedObject?: { name?: string }; reason?: string; message?: string };
      return event.kind === "Event" && event.involvedObject?.name === name ? [`${event.reason}: ${event.message}`] : [];
    });
  }

  #transport(): Transport {
    const { memory } = this;
    const watch = memory.watch?.bind(memory);
    return {
      takesObjects: true,
      ...(watch && { watch: (...asked: Parameters<typeof watch>) => this.#isThere.then(() => watch(...asked)) }),
      request: async (request) => {
        await this.#isThere;
        return this.#token(request) ?? (await memory.request(plainPatch(withStatus(request))));
      },
      close: () => memory.close(),
    };
  }

  #token({ method, path }: ApiRequest): ApiResponse | undefined {
    if (method !== "POST" || !path.endsWith("/token")) return undefined;
    const expirationTimestamp = formatTime(this.#clock.now() + this.tokenLifeMs);
    const object = { kind: "TokenRequest", status: { token: `token-${++this.tokens}`, expirationTimestamp } };
    const bytes = () => Promise.resolve(Buffer.from(JSON.stringify(object)));
    return {
      status: 201,
      headers: {},
      bytes,
      stream: async function* () {
        yield await bytes();
      },
      object: () => object,
    };
  }
}

/** A pod that is made has a status from the beginning. */
function withStatus(request: ApiRequest): ApiRequest {
  if (request.method !== "POST" || !request.path.split("?")[0]?.endsWith("/pods")) return request;
  const body = (request.object ?? (request.body && parseJson(request.body))) as object;
  return { ...request, object: { status: {}, ...body } };
}

/** The memory API knows merge patches alone, without directives for lists. */
function plainPatch(request: ApiRequest): ApiRequest {
  if (request.method !== "PATCH") return request;
  const body = structuredClone(request.object ?? (request.body && parseJson(request.body))) as {
    status?: Record<string, unknown>;
  };
  for (const [name, value] of Object.entries(body.status ?? {})) {
    if (body.status && Array.isArray(value))
      body.status[name] = value.filter((item) => !(item as { $patch?: string }).$patch);
  }
  return { ...request, object: body };
}
