/**
 * What a behaviour has at hand: a namespace of its own, a client, the real kubectl, raw requests, waiting with a bound, images that the cluster has.
 * Holds: whatever was made is removed at the end, the namespace last; every wait ends, with a message that says what never came.
 */
import { execFile } from "node:child_process";
import { configmaps, namespaces, pods, serviceaccounts } from "@kubets/api/generated/refs";
import type { KubeObject } from "@kubets/api/meta";
import type { ResourceRef } from "@kubets/api/resource-ref";
import { type Client, createClient, type Transport } from "@kubets/client";
import { isReason } from "@kubets/machinery";
import { HttpTransport } from "@kubets/wire/transport";
import { eventually } from "../cluster.ts";
import { type KubectlRelease, realProgram } from "../real-programs.ts";
import type { BehaviourCluster } from "./clusters.ts";
import { IMAGES } from "./test-image.ts";
import { until } from "./until.ts";

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  /** The body as JSON, or undefined when it is none. */
  // oxlint-disable-next-line typescript/no-explicit-any -- the decoding edge; a test says what it expects
  readonly json: any;
}

export interface BehaviourContext {
  /** As cluster administrator. */
  readonly client: Client;
  readonly cluster: BehaviourCluster;
  /** Fresh, with its default service account; gone after the behaviour. */
  readonly namespace: string;
  readonly images: typeof IMAGES;
  /** A name that nobody else has, for what is not in the namespace. */
  name(prefix: string): string;
  /** Another fresh namespace, perhaps with labels. */
  newNamespace(labels?: Record<string, string>): Promise<string>;
  /** Run at the end, the last first, also when the behaviour fails. */
  cleanup(fn: () => unknown): void;
  /** Waits until the function gives something true, and gives that. */
  eventually<T>(
    what: string,
    fn: () => T | undefined | false | Promise<T | undefined | false>,
    timeoutMs?: number,
  ): Promise<T>;
  /** Watches one object until the condition holds; `undefined` stands for an object that is not there. */
  until<T extends KubeObject>(
    ref: ResourceRef<T>,
    name: string,
    what: string,
    condition: (object: T | undefined) => unknown,
    timeoutMs?: number,
  ): Promise<T>;
  untilGone(ref: ResourceRef, name: string, timeoutMs?: number): Promise<void>;
  request(method: string, path: string, body?: unknown, headers?: Readonly<Record<string, string>>): Promise<Answer>;
  /** The real kubectl, in the namespace unless the arguments name another; gives its output, throws what it complains of. */
  kubectl(args: readonly string[], options?: { input?: string; release?: KubectlRelease }): Promise<string>;
  /** Runs a command in a container and gives its output; throws when it fails. */
  exec(pod: string, command: readonly string[], options?: { container?: string; namespace?: string }): Promise<string>;
  logs(pod: string, options?: { container?: string; namespace?: string; previous?: boolean }): Promise<string>;
  /** The client and transport of somebody else. */
  as(user: string, groups?: readonly string[]): { client: Client; transport: Transport };
  withToken(token: string): { client: Client; transport: Transport };
  podReady(name: string): Promise<import("@kubets/api/generated/types/core-v1").Pod>;
}

let count = 0;
const NAMES = Math.floor(performance.timeOrigin).toString(36).slice(-5);

/** Makes the context, runs the body, removes all that was made. */
export async function inContext(
  cluster: BehaviourCluster,
  body: (t: BehaviourContext) => Promise<void>,
): Promise<void> {
  const cleanups: (() => unknown)[] = [];
  const { client } = cluster;
  const name = (prefix: string) => `${prefix}-${NAMES}-${++count}`;
  const newNamespace = async (labels: Record<string, string> = {}) => {
    const namespace = name("behaviour");
    await client.create(namespaces, { metadata: { name: namespace, labels } });
    cleanups.push(() => client.delete(namespaces, { name: namespace }).catch(unlessGone));
    for (const [ref, own] of [
      [serviceaccounts, "default"],
      [configmaps, "kube-root-ca.crt"],
    ] as const)
      await until<KubeObject>(client, ref, { namespace, name: own }, `the ${ref.kind} ${own}`, Boolean);
    return namespace;
  };
  try {
    await body(makeContext(cluster, { cleanups, name, newNamespace, namespace: await newNamespace() }));
  } finally {
    for (const cleanup of cleanups.toReversed()) await cleanup();
  }
}

interface Own {
  readonly cleanups: (() => unknown)[];
  readonly namespace: string;
  name(prefix: string): string;
  newNamespace(labels?: Record<string, string>): Promise<string>;
}

function makeContext(cluster: BehaviourCluster, { cleanups, namespace, name, newNamespace }: Own): BehaviourContext {
  const { client, transport, kubeconfig } = cluster;
  const keyOf = (ref: ResourceRef, of: string) => (ref.namespaced ? { namespace, name: of } : { name: of });
  const kubectl: BehaviourContext["kubectl"] = (args, { input, release = "v35" } = {}) =>
    runProgram(realProgram(release, "kubectl"), ["--kubeconfig", kubeconfig, "--namespace", namespace, ...args], input);
  const t: BehaviourContext = {
    client,
    cluster,
    namespace,
    images: IMAGES,
    name,
    newNamespace,
    cleanup: (fn) => void cleanups.push(fn),
    eventually,
    until: (ref, of, what, condition, timeoutMs) => until(client, ref, keyOf(ref, of), what, condition, timeoutMs),
    untilGone: async (ref, of, timeoutMs) =>
      void (await until<KubeObject>(
        client,
        ref,
        keyOf(ref, of),
        `${ref.kind} ${of} to be gone`,
        (it) => !it,
        timeoutMs,
      )),
    request: (method, path, body, headers) => ask(transport, method, path, body, headers),
    kubectl,
    exec: (pod, command, { container, namespace: where = namespace } = {}) =>
      kubectl(["exec", pod, "-n", where, ...(container ? ["-c", container] : []), "--", ...command]),
    logs: (pod, { container, namespace: where = namespace, previous } = {}) =>
      kubectl(["logs", pod, "-n", where, ...(container ? ["-c", container] : []), ...(previous ? ["--previous"] : [])]),
    as: (user, groups = []) =>
      withHeaders(transport, { "impersonate-user": user, ...(groups.length > 0 && { "impersonate-group": groups }) }),
    withToken: (token) => {
      const http = new HttpTransport({ server: cluster.server, tls: { ...(cluster.ca && { ca: cluster.ca }) } });
      cleanups.push(() => http.close());
      return withHeaders(http, { authorization: `Bearer ${token}` });
    },
    podReady: (of) =>
      until(client, pods, { namespace, name: of }, `pod ${of} to be ready`, (pod) =>
        pod?.status.conditions?.some(({ type, status }) => type === "Ready" && status === "True"),
      ),
  };
  return t;
}

function withHeaders(transport: Transport, headers: Readonly<Record<string, string | readonly string[]>>) {
  const own: Transport = {
    request: (request) => transport.request({ ...request, headers: { ...request.headers, ...headers } }),
    close: () => transport.close(),
  };
  return { transport: own, client: createClient(own, { userAgent: "behaviours" }) };
}

/** One request over a transport, whatever comes of it. */
export async function ask(
  transport: Transport,
  method: string,
  path: string,
  body?: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  const text = body === undefined || typeof body === "string" ? body : JSON.stringify(body);
  const response = await transport.request({
    method,
    path,
    headers: {
      accept: "application/json",
      ...(text !== undefined && { "content-type": "application/json" }),
      ...headers,
    },
    ...(text !== undefined && { body: new TextEncoder().encode(text) }),
  });
  const answer = new TextDecoder().decode(await response.bytes());
  return { status: response.status, headers: response.headers, text: answer, json: parsed(answer) };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function runProgram(program: string, args: readonly string[], input?: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = execFile(program, [...args], { timeout: 90_000, maxBuffer: 1 << 26 }, (error, stdout, stderr) => {
      if (error)
        reject(new Error(`kubectl ${args.slice(4).join(" ")}: ${stderr.trim() || error.message}`, { cause: error }));
      else resolve(stdout);
    });
    child.stdin?.end(input);
  });
}

function unlessGone(error: unknown): void {
  if (!isReason(error, "NotFound") && !isReason(error, "Conflict")) throw error;
}
