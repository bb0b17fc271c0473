/**
 * Keeps the network policies of one node in its kernel: follows policies, and pods and namespaces while there are any policies, and changes
 * the table by what changed, in one transaction.
 * Holds: a transaction that fails changes nothing, and the next makes the table anew; so does one that finds it taken away. The table outlives
 * the process, so that a restart opens nothing; `cleanup` takes it away.
 */
import { namespaces, networkpolicies, pods } from "@kubets/api/generated/refs";
import type { Namespace, Pod } from "@kubets/api/generated/types/core-v1";
import type { NetworkPolicy } from "@kubets/api/generated/types/networking-v1";
import type { KubeObject } from "@kubets/api/meta";
import type { ResourceRef } from "@kubets/api/resource-ref";
import type { Cache } from "@kubets/client";
import { type Clock, every, type Logger, type Timer } from "@kubets/machinery";
import type { Exec } from "@kubets/machinery/exec";
import { compilePolicy } from "./compile.ts";
import { NftTable, TABLE } from "./nft-table.ts";
import { PolicyPlanner } from "./planner.ts";
import { policyPod } from "./policy-pod.ts";

export interface PolicyOptions {
  readonly cache: Pick<Cache, "informer">;
  readonly clock: Clock;
  readonly log: Logger;
  readonly nodeName: string;
  /** Runs programs in the node's network namespace. */
  readonly exec: Exec;
  readonly signal: AbortSignal;
}

export interface RunningPolicies {
  /** The kernel holds what the policies of the cluster say. */
  readonly ready: Promise<void>;
  cleanup(): Promise<void>;
}

/** Changes that come together go together. */
const GATHER_MS = 20;
const RETRY_MS = 1000;
const CHECK_MS = 30_000;

export function enforcePolicies(options: PolicyOptions): RunningPolicies {
  return new Enforcement(options);
}

class Enforcement implements RunningPolicies {
  readonly ready: Promise<void>;
  readonly #options: PolicyOptions;
  readonly #table = new NftTable();
  readonly #planner: PolicyPlanner;
  readonly #becomeReady: () => void;
  readonly #check: Timer;
  #next: Timer | undefined;
  #work: Promise<void> = Promise.resolve();
  /** Followed only once there is a policy: most clusters have none, and pods are many. */
  #follows: readonly { readonly hasSynced: boolean }[] = [];
  #isKnown = false;
  #hasTable = false;

  constructor(options: PolicyOptions) {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.ready = promise;
    this.#becomeReady = resolve;
    this.#options = options;
    this.#planner = new PolicyPlanner(options.nodeName, this.#table);
    const policies = this.#follow<NetworkPolicy>(networkpolicies, (key, policy) => {
      if (policy) this.#followPods();
      this.#planner.setPolicy(key, policy && compilePolicy(policy));
    });
    this.#follows = [policies, ...this.#follows];
    this.#check = every(options.clock, CHECK_MS, () => this.#look());
    options.signal.addEventListener("abort", () => this.#stop(), { once: true });
  }

  async cleanup(): Promise<void> {
    this.#stop();
    await this.#work;
    await this.#options.exec("nft", ["delete", "table", ...TABLE.split(" ")]);
  }

  #stop(): void {
    this.#check.cancel();
    this.#next?.cancel();
  }

  #followPods(): void {
    if (this.#follows.length > 1) return;
    this.#follows = [
      ...this.#follows,
      this.#follow<Namespace>(namespaces, (name, namespace) =>
        this.#planner.setNamespace(name, namespace && (namespace.metadata.labels ?? {})),
      ),
      this.#follow<Pod>(pods, (key, pod) => this.#planner.setPod(key, pod && policyPod(pod))),
    ];
  }

  /** Tells of each object that is there, and of each change. */
  #follow<T extends KubeObject>(ref: ResourceRef<T>, told: (key: string, object: T | undefined) => void) {
    const informer = this.#options.cache.informer(ref);
    const tell = (object: T, now: T | undefined) => {
      const { namespace, name } = object.metadata;
      told(namespace ? `${namespace}/${name}` : name, now);
      this.#schedule(GATHER_MS);
    };
    const subscription = informer.subscribe({
      added: (object) => tell(object, object),
      changed: (object) => tell(object, object),
      deleted: (object) => tell(object, undefined),
    });
    this.#options.signal.addEventListener("abort", () => subscription.stop(), { once: true });
    void informer.synced.then(() => this.#schedule(0));
    return informer;
  }

  #schedule(afterMs: number): void {
    const { clock, signal, log } = this.#options;
    if (this.#next || signal.aborted) return;
    this.#next = clock.after(afterMs, () => {
      this.#next = undefined;
      this.#work = this.#work
        .then(() => this.#bringInStep())
        .catch((error: unknown) => {
          log.warn("network policies are not in step; trying again", { error });
          this.#isKnown = false;
          this.#schedule(RETRY_MS);
        });
    });
  }

  async #bringInStep(): Promise<void> {
    // Half of the pods would be half of the peers.
    if (!this.#follows.every(({ hasSynced }) => hasSynced)) return;
    // Without policies there is no table; one that a predecessor left says what nobody wants any more.
    if (this.#follows.length === 1 && !this.#hasTable)
      await this.#options.exec("nft", ["delete", "table", ...TABLE.split(" ")]);
    else {
      const lines = this.#isKnown ? this.#table.changes() : this.#table.whole();
      this.#table.commit();
      if (lines.length > 0) await this.#nft(lines);
      this.#isKnown = true;
      this.#hasTable = true;
    }
    this.#becomeReady();
  }

  /** Puts the table back when somebody took it away. */
  #look(): void {
    if (!this.#hasTable) return;
    this.#work = this.#work.then(async () => {
      const { code } = await this.#options.exec("nft", ["list", "chain", ...TABLE.split(" "), "forward"]);
      if (code === 0) return;
      this.#options.log.warn("the table of network policies was taken away; making it anew");
      this.#isKnown = false;
      this.#schedule(0);
    });
  }

  async #nft(lines: readonly string[]): Promise<void> {
    const { code, stderr } = await this.#options.exec("nft", ["-f", "-"], { stdin: `${lines.join("\n")}\n` });
    if (code !== 0) throw new Error(`nft refuses the change: ${stderr.trim().split("\n")[0]}`);
  }
}
