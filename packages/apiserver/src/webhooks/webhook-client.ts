/**
 * Calls webhooks: JSON by POST over HTTPS to a URL or a service of the cluster, on connections that are kept. Each call has a time of its own, so
 * one that is slow costs who waits for it and nobody else.
 */
import https from "node:https";
import type { WebhookClientConfig } from "@kubets/api/generated/types/admissionregistration-v1";
import { type Clock, StatusError } from "@kubets/machinery";
import { parseJson, parseJsonInTurns, stringifyJson } from "@kubets/machinery/json";
import type { ReadonlyJson } from "@kubets/machinery/json-value";
import { type Dialer, dialingAgent } from "@kubets/wire/transport";
import type { Egress } from "../egress/egress.ts";
import type { Deadline } from "../front/deadlines.ts";
import { isLarge, LARGE_BYTES } from "../large.ts";
import { jsonInTurns } from "../large-json.ts";
import { networkErrorText } from "./network-error.ts";
import type { ServiceAddresses } from "./service-address.ts";
import type { WebhookUsers } from "./webhook-users.ts";

/** Behind it nobody waits for the answer. */
type Until = Pick<Deadline, "due" | "signal">;

/** Why a call brought no answer. */
class WebhookCallError extends Error {
  override readonly name = "WebhookCallError";
}

const MAX_ANSWER_BYTES = 16 * 1024 * 1024;
const MAX_IDLE_SOCKETS = 25;

/** How the server asks itself. */
export interface OwnServer {
  readonly host: string;
  readonly port: number;
  /** The certificate it shows. */
  readonly cert: string | Uint8Array;
  readonly token: string;
}

interface WebhookOptions {
  /** Services are in the cluster, what is named by its URL is the control plane's. */
  readonly egress?: Egress | undefined;
  readonly own?: (() => OwnServer | undefined) | undefined;
}

export class WebhookClient {
  readonly #services: ServiceAddresses;
  readonly #clock: Clock;
  readonly #own: () => OwnServer | undefined;
  readonly #ways: Readonly<Record<Destination, Way>>;

  constructor(services: ServiceAddresses, clock: Clock, { egress = {}, own = () => undefined }: WebhookOptions = {}) {
    this.#services = services;
    this.#clock = clock;
    this.#own = own;
    const { cluster, controlplane } = egress;
    this.#ways = { self: wayBy(undefined), cluster: wayBy(cluster), controlplane: wayBy(controlplane) };
  }

  /** The parsed answer of a webhook; rejects with a WebhookCallError that says what went wrong. */
  async call(
    target: WebhookClientConfig,
    review: object,
    timeoutMs: number,
    { deadline, users }: { readonly deadline?: Until | undefined; readonly users?: WebhookUsers | undefined } = {},
  ): Promise<unknown> {
    const url = addressOf(target);
    const body = await bytesOf(review);
    // An aggregated server that is a webhook, too, is asked by the way of this one.
    const destination = destinationOf(target, url);
    const own = destination === "self" ? this.#own() : undefined;
    const user = own ? undefined : await users?.at(hostOf(url), portOf(url));
    const authorization = own ? `Bearer ${own.token}` : await user?.credentials.authorization();
    const left = deadline ? Math.max(0, deadline.due - this.#clock.monotonic()) : timeoutMs;
    url.searchParams.set("timeout", durationText(Math.ceil(Math.min(timeoutMs, left) / 1000)));
    const options = {
      ...(own ? placeOfOwn(own) : this.#placeOf(target, url)),
      path: `${url.pathname}${url.search}`,
      method: "POST",
      headers: {
        host: url.host,
        "content-type": "application/json",
        accept: "application/json, */*",
        "content-length": String(body.length),
        "user-agent": "kube-apiserver-admission",
        ...user?.headers,
        ...(authorization && { authorization }),
      },
      ...(await user?.credentials.certificate()),
      ...(target.caBundle && !own && { ca: Buffer.from(target.caBundle, "base64") }),
    };
    const way = this.#ways[destination];
    const { status, type, bytes } = await this.#exchange(options, way, body, timeoutMs, url, deadline);
    if (status === 401) user?.credentials.refused();
    if (status < 200 || status > 299) throw new WebhookCallError(refusalText(status, bytes.toString()));
    if (bytes.length === 0)
      throw new WebhookCallError(`0-length response with status code: ${status} and content type: ${type}`);
    try {
      return await (bytes.length > LARGE_BYTES ? parseJsonInTurns(bytes) : parseJson(bytes));
    } catch (cause) {
      throw new WebhookCallError(`couldn't get version/kind; json parse error: ${(cause as Error).message}`, { cause });
    }
  }

  /** Lets go of the connections that are kept. */
  close(): void {
    for (const { kept } of Object.values(this.#ways)) kept.destroy();
  }

  /** Where to connect, and which name the certificate must carry. */
  #placeOf({ service }: WebhookClientConfig, url: URL): { host: string; port: number; servername?: string } {
    const named = hostOf(url);
    if (!service) return { host: named, port: portOf(url), ...servername(named) };
    try {
      return { ...this.#services.resolve(service.namespace, service.name, service.port ?? 443), ...servername(named) };
    } catch (error) {
      throw new WebhookCallError(postError(url, reasonOf(error)), { cause: error });
    }
  }

  async #exchange(
    options: https.RequestOptions,
    way: Way,
    body: Uint8Array,
    timeoutMs: number,
    url: URL,
    deadline: Until | undefined,
  ): Promise<Exchanged> {
    const late = new AbortController();
    const signal = deadline ? AbortSignal.any([late.signal, deadline.signal]) : late.signal;
    const timer = this.#clock.after(timeoutMs, () => late.abort());
    try {
      try {
        return await send({ ...options, agent: way.kept }, body, signal);
      } catch (error) {
        // The other side closed a kept connection at the same moment: it has not seen the call.
        if (!isStale(error)) throw error;
        return await send({ ...options, agent: way.once() }, body, signal);
      }
    } catch (error) {
      const why = signal.aborted ? "context deadline exceeded" : networkErrorText(error);
      throw new WebhookCallError(postError(url, why), { cause: error });
    } finally {
      timer.cancel();
    }
  }
}

/** By which connections are made. */
interface Way {
  /** Keeps them. */
  readonly kept: https.Agent;
  once(): https.Agent;
}

function wayBy(dialer: Dialer | undefined): Way {
  const agent = (options: https.AgentOptions) =>
    dialer ? dialingAgent(dialer, true, options) : new https.Agent(options);
  return {
    kept: agent({ keepAlive: true, maxFreeSockets: MAX_IDLE_SOCKETS, scheduling: "lifo" }),
    once: () => agent({}),
  };
}

type Destination = "self" | "cluster" | "controlplane";

/** The service of the server itself is no further than it is. */
function destinationOf({ service }: WebhookClientConfig, url: URL): Destination {
  if (hostOf(url) === "kubernetes.default.svc" && portOf(url) === 443) return "self";
  return service ? "cluster" : "controlplane";
}

interface Exchanged {
  readonly status: number;
  /** Of content; JSON where nothing is said. */
  readonly type: string;
  readonly bytes: Buffer;
}

const bytesOf = async (review: object): Promise<Buffer> =>
  isLarge(review) ? Buffer.concat(await jsonInTurns(review)) : Buffer.from(stringifyJson(review as ReadonlyJson));

function send(options: https.RequestOptions, body: Uint8Array, signal: AbortSignal): Promise<Exchanged> {
  return new Promise((resolve, reject) => {
    const request = https.request({ ...options, signal });
    request.on("error", (error) => reject(Object.assign(error, { reused: request.reusedSocket })));
    request.on("response", (answer) => {
      const chunks: Buffer[] = [];
      let size = 0;
      answer.on("data", (chunk: Buffer) => {
        size += chunk.length;
        if (size > MAX_ANSWER_BYTES) request.destroy(new Error(`the answer is larger than ${MAX_ANSWER_BYTES} bytes`));
        else chunks.push(chunk);
      });
      answer.on("end", () => {
        const { statusCode: status = 0, headers } = answer;
        resolve({ status, type: headers["content-type"] ?? "application/json", bytes: Buffer.concat(chunks) });
      });
      answer.on("error", reject);
    });
    request.end(body);
  });
}

const isStale = (error: unknown): boolean => {
  const { reused, code } = error as { reused?: boolean; code?: string };
  return reused === true && (code === "ECONNRESET" || code === "EPIPE");
};

function addressOf({ url, service }: WebhookClientConfig): URL {
  if (!service) return new URL(url ?? "");
  const { namespace, name, path = "", port = 443 } = service;
  return Object.assign(new URL(`https://${name}.${namespace}.svc:${port}`), { pathname: path });
}

const placeOfOwn = ({ host, port, cert }: OwnServer) => ({
  host,
  port,
  ca: Buffer.from(cert),
  allowPartialTrustChain: true,
  checkServerIdentity: () => undefined,
});

const portOf = (url: URL): number => Number(url.port || 443);

const hostOf = (url: URL): string => url.hostname.replace(/^\[|\]$/g, "");

const servername = (host: string) => (/^[\d.]+$/.test(host) || host.includes(":") ? {} : { servername: host });

/** "10s", "1m0s": as Go writes it. */
const durationText = (seconds: number): string =>
  seconds < 60 ? `${seconds}s` : `${Math.floor(seconds / 60)}m${seconds % 60}s`;

/** A service is named with its port, even with that of HTTPS. */
const postError = (url: URL, why: string): string => {
  const host = url.hostname.endsWith(".svc") && !url.port ? `${url.hostname}:443` : url.host;
  return `Post "https://${host}${url.pathname}${url.search}": ${why}`;
};

const reasonOf = (error: unknown): string =>
  error instanceof StatusError ? (error.status.message ?? "") : (error as Error).message;

/** What an answer that is no success says, as far as clients of the original are told. */
function refusalText(status: number, text: string): string {
  const message = statusMessage(text);
  if (message !== undefined) return message;
  const known = REFUSALS[status];
  if (known) return known;
  if (status >= 500)
    return `an error on the server (${JSON.stringify(text || "unknown")}) has prevented the request from succeeding`;
  return `the server rejected our request for an unknown reason`;
}

const REFUSALS: Readonly<Record<number, string>> = {
  401: "the server has asked for the client to provide credentials",
  403: "forbidden",
  404: "the server could not find the requested resource",
  405: "the server does not allow this method on the requested resource",
  406: "the server was unable to respond with a content type that the client supports",
  409: "the server reported a conflict",
  410: "the server could not find the requested resource",
  413: "the request is too large",
  415: "the body of the request was in an unknown format",
  429: "the server has received too many requests and has asked us to try again later",
  503: "the server is currently unable to handle the request",
  504: "the server was unable to return a response in the time allotted, but may still be processing the request",
};

function statusMessage(text: string): string | undefined {
  try {
    const said = JSON.parse(text) as { kind?: string; message?: string } | null;
    return said?.kind === "Status" ? (said.message ?? "") : undefined;
  } catch {
    return undefined;
  }
}
