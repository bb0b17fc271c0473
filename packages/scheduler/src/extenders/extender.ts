/**
 * A program beside the scheduler that has a say in its decisions over HTTP: which nodes fit, how good they are, and how a pod is bound. Its
 * bodies are those of kube-scheduler's extenders (extender/v1); the names in answers may be written in any case.
 */
import { readFileSync } from "node:fs";
import type { Node, Pod } from "@kubets/api/generated/types/core-v1";
import { HttpTransport } from "@kubets/wire/transport";
import type { ExtenderConfig } from "../config/extender-config.ts";

export interface FilterAnswer {
  readonly nodes: ReadonlySet<string>;
  readonly refused: ReadonlyMap<string, { readonly reason: string; readonly lasting: boolean }>;
}

/** With the names in lower case. */
interface FilterResult {
  readonly nodes?: { readonly items?: readonly Node[] | null } | null;
  readonly nodenames?: readonly string[] | null;
  readonly failednodes?: Readonly<Record<string, string>> | null;
  readonly failedandunresolvablenodes?: Readonly<Record<string, string>> | null;
  readonly error?: string;
}

/** By node: the pods that would have to go, and how many of them a disruption budget protects. */
export type Victims = ReadonlyMap<string, { readonly pods: readonly Pod[]; readonly violations: number }>;
/** The same by the pods' uids. */
export type MetaVictims = ReadonlyMap<string, { readonly uids: readonly string[]; readonly violations: number }>;

/** Extenders score from 0 to 10, plugins from 0 to 100. */
const SCALE = 10;

export class Extender {
  readonly config: ExtenderConfig;
  readonly #transport: HttpTransport;
  readonly #managed: ReadonlySet<string>;

  constructor(config: ExtenderConfig) {
    this.config = config;
    this.#managed = new Set(config.managedResources.map(({ name }) => name));
    const { tlsConfig: tls, enableHTTPS } = config;
    const ca = tls.caData ?? fileOf(tls.caFile);
    const cert = tls.certData ?? fileOf(tls.certFile);
    const key = tls.keyData ?? fileOf(tls.keyFile);
    this.#transport = new HttpTransport({
      server: config.urlPrefix.replace(/\/$/, ""),
      tls: {
        ...(ca && { ca }),
        ...(cert && key && { cert, key }),
        ...(tls.serverName && { serverName: tls.serverName }),
        insecureSkipVerify: tls.insecure || (enableHTTPS && !ca),
      },
    });
  }

  get name(): string {
    return this.config.urlPrefix;
  }

  get binds(): boolean {
    return this.config.bindVerb !== "";
  }

  /** Whether it wants to be asked: about every pod, or those that ask for a resource that it manages. */
  concerns({ spec }: Pod): boolean {
    if (this.#managed.size === 0) return true;
    return [...spec.containers, ...(spec.initContainers ?? [])].some(({ resources }) =>
      [resources?.requests, resources?.limits].some((list) =>
        Object.keys(list ?? {}).some((name) => this.#managed.has(name)),
      ),
    );
  }

  async filter(pod: Pod, nodes: readonly Node[]): Promise<FilterAnswer> {
    const all = new Set(nodes.map(({ metadata }) => metadata.name));
    const { filterVerb, nodeCacheCapable } = this.config;
    if (!filterVerb) return { nodes: all, refused: new Map() };
    const result: FilterResult = folded(await this.#ask(filterVerb, this.#arguments(pod, nodes)));
    if (result.error) throw new Error(result.error);
    const names =
      nodeCacheCapable && result.nodenames
        ? result.nodenames
        : (result.nodes?.items ?? []).map(({ metadata }) => metadata.name);
    const unknown = names.find((name) => !all.has(name));
    if (unknown !== undefined)
      throw new Error(
        `extender "${this.name}" claims a filtered node "${unknown}" which is not found in the input node list`,
      );
    const refused = new Map<string, { reason: string; lasting: boolean }>();
    for (const [name, reason] of Object.entries(result.failednodes ?? {}))
      refused.set(name, { reason, lasting: false });
    for (const [name, reason] of Object.entries(result.failedandunresolvablenodes ?? {}))
      refused.set(name, { reason, lasting: true });
    return { nodes: new Set(names), refused };
  }

  /** What is to be added to each node's score. */
  async prioritize(pod: Pod, nodes: readonly Node[]): Promise<ReadonlyMap<string, number>> {
    const { prioritizeVerb, weight } = this.config;
    if (!prioritizeVerb) return new Map();
    const answer = (await this.#ask(prioritizeVerb, this.#arguments(pod, nodes))) as readonly object[];
    const scores = answer.map((each) => folded<{ host: string; score: number }>(each));
    return new Map(scores.map(({ host, score }) => [host, score * weight * SCALE]));
  }

  get preempts(): boolean {
    return this.config.preemptVerb !== "";
  }

  /** Which nodes and victims are left of those that would make room. */
  async preempt(pod: Pod, victims: Victims): Promise<MetaVictims> {
    const { preemptVerb, nodeCacheCapable } = this.config;
    const byNode = Object.fromEntries(
      [...victims].map(([node, { pods, violations }]) => {
        const shown = nodeCacheCapable ? pods.map(({ metadata }) => ({ UID: metadata.uid })) : pods;
        return [node, { Pods: shown, NumPDBViolations: violations }];
      }),
    );
    const args = nodeCacheCapable
      ? { Pod: pod, NodeNameToVictims: null, NodeNameToMetaVictims: byNode }
      : { Pod: pod, NodeNameToVictims: byNode, NodeNameToMetaVictims: null };
    const answer = folded<{ nodenametometavictims?: Record<string, object> | null }>(
      await this.#ask(preemptVerb, args),
    );
    return new Map(
      Object.entries(answer.nodenametometavictims ?? {}).map(([node, each]) => {
        const { pods, numpdbviolations = 0 } = folded<{ pods?: readonly object[]; numpdbviolations?: number }>(each);
        const uids = (pods ?? []).map((meta) => folded<{ uid: string }>(meta).uid);
        return [node, { uids, violations: numpdbviolations }];
      }),
    );
  }

  async bind({ metadata }: Pod, node: string): Promise<void> {
    const { namespace, name, uid } = metadata;
    const body = { PodName: name, PodNamespace: namespace, PodUID: uid, Node: node };
    const { error } = folded<{ error?: string }>(await this.#ask(this.config.bindVerb, body));
    if (error) throw new Error(error);
  }

  async close(): Promise<void> {
    await this.#transport.close();
  }

  #arguments(pod: Pod, nodes: readonly Node[]): object {
    if (this.config.nodeCacheCapable)
      return { Pod: pod, Nodes: null, NodeNames: nodes.map(({ metadata }) => metadata.name) };
    return { Pod: pod, Nodes: { metadata: {}, items: nodes }, NodeNames: null };
  }

  async #ask(verb: string, body: object): Promise<object> {
    const response = await this.#transport.request({
      method: "POST",
      path: `/${verb}`,
      headers: { "content-type": "application/json" },
      body: Buffer.from(JSON.stringify(body)),
      signal: AbortSignal.timeout(this.config.httpTimeout),
    });
    const answer = Buffer.from(await response.bytes()).toString();
    if (response.status !== 200)
      throw new Error(`failed ${verb} with extender at URL ${this.name}/${verb}, code ${response.status}`);
    return JSON.parse(answer) as object;
  }
}

const fileOf = (path: string | undefined) => (path ? readFileSync(path, "utf8") : undefined);

/** The members by their names in lower case. */
const folded = <T>(object: object): T =>
  Object.fromEntries(Object.entries(object).map(([name, value]) => [name.toLowerCase(), value as unknown])) as T;
