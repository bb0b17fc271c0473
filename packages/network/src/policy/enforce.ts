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
import { removePolicies } from "./remove-policies.ts";

interface PolicyOptions {
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

interface Followed {
  readonly hasSynced: boolean;
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
  readonly #policies: Followed;
  /** Namespaces and pods, followed only once there is a policy: most clusters have none, and pods are many. */
  #peers: readonly Followed[] | undefined;
  #isKnown = false;
  #hasTable = false;

  constructor(options: PolicyOptions) {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.ready = promise;
    this.#becomeReady = resolve;
    this.#options = options;
    this.#planner = new PolicyPlanner(options.nodeName, this.#table);
    this.#policies = this.#follow<NetworkPolicy>(networkpolicies, (key, policy) => {
      if (policy) this.#followPeers();
      this.#planner.setPolicy(key, policy && compilePolicy(policy));
    });
    this.#check = every(options.clock, CHECK_MS, () => this.#look());
    options.signal.addEventListener("abort", () => this.#stop(), { once: true });
  }

  async cleanup(): Promise<void> {
    this.#stop();
    await this.#work;
    await removePolicies(this.#options.exec);
  }

  #stop(): void {
    this.#check.cancel();
    this.#next?.cancel();
  }

  #followPeers(): void {
    this.#peers ??= [
      this.#follow<Namespace>(namespaces, (name, namespace) =>
        this.#planner.setNamespace(name, namespace && (namespace.metadata.labels ?? {})),
      ),
      this.#follow<Pod>(pods, (key, pod) => this.#planner.setPod(key, pod && policyPod(pod))),
    ];
  }

  /** Tells of each object that is there, and of each change. */
  #follow<T extends KubeObject>(ref: ResourceRef<T>, told: (key: string, object: T | undefined) => void): Followed {
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
    const { clock, signal } = this.#options;
    if (this.#next || signal.aborted) return;
    this.#next = clock.after(afterMs, () => {
      this.#next = undefined;
      this.#then(() => this.#bringInStep());
    });
  }

  /** One after the other. What fails leaves it open what the kernel holds. */
  #then(work: () => Promise<void>): void {
    this.#work = this.#work.then(work).catch((error: unknown) => {
      this.#options.log.warn("network policies are not in step; trying again", { error });
      this.#isKnown = false;
      this.#schedule(RETRY_MS);
    });
  }

  async #bringInStep(): Promise<void> {
    // Half of the pods would be half of the peers.
    if (![this.#policies, ...(this.#peers ?? [])].every(({ hasSynced }) => hasSynced)) return;
    if (this.#peers) {
      const lines = this.#isKnown ? this.#table.changes() : this.#table.whole();
      this.#table.commit();
      if (lines.length > 0) await this.#nft(lines);
      this.#isKnown = true;
      this.#hasTable = true;
    } else {
      // A table that a predecessor left says what nobody wants any more.
      await this.#options.exec("nft", ["delete", "table", ...TABLE.split(" ")]);
    }
    this.#becomeReady();
  }

  /** Puts the table back when somebody took it away. */
  #look(): void {
    if (!this.#hasTable) return;
    this.#then(async () => {
      const { code } = await this.#options.exec("nft", ["list", "chain", ...TABLE.split(" "), "forward"]);
      if (code !== 0) throw new Error("somebody took the table away");
    });
  }

  async #nft(lines: readonly string[]): Promise<void> {
    const { code, stderr } = await this.#options.exec("nft", ["-f", "-"], { stdin: `${lines.join("\n")}\n` });
    if (code !== 0) throw new Error(`nft refuses the change: ${stderr.trim().split("\n")[0]}`);
  }
}
