/**
 * Policies, pods and namespaces to the table of one node. It is told each change and brings the table in step with it.
 * Holds: only pods of this node have chains; sets follow the pods of all nodes, but only those that a chain names; a change costs by the sets
 * and chains that it concerns.
 */
import { type AddressSource, elementsOf, familyOf, isMember, setName, setType } from "./address-set.ts";
import type { CompiledPolicy, Direction } from "./compile.ts";
import { type NftTable, podMap, selfSet } from "./nft-table.ts";
import type { PolicyPod } from "./policy-pod.ts";
import { type RenderedChain, renderChain } from "./render.ts";
import { selects } from "./verdict.ts";

const DIRECTIONS: readonly Direction[] = ["ingress", "egress"];
const FAMILIES = [4, 6] as const;
const NO_LABELS: Readonly<Record<string, string>> = {};
const NONE: readonly string[] = [];

type Labels = Readonly<Record<string, string>>;
type Chains = { readonly [D in Direction]?: RenderedChain };

/** A set that chains name, with what each pod adds to it. */
interface LiveSet {
  readonly source: AddressSource;
  readonly members: Map<string, readonly string[]>;
  /** Two pods may have one address for a moment. */
  readonly counts: Map<string, number>;
  users: number;
}

export class PolicyPlanner {
  readonly #nodeName: string;
  readonly #table: NftTable;
  readonly #pods = new Map<string, Map<string, PolicyPod>>();
  readonly #policies = new Map<string, Map<string, CompiledPolicy>>();
  readonly #namespaces = new Map<string, Labels>();
  readonly #sets = new Map<string, LiveSet>();
  readonly #chainUsers = new Map<string, number>();
  /** What stands in the table for each restricted pod of this node. */
  readonly #restricted = new Map<string, { readonly pod: PolicyPod; readonly chains: Chains }>();
  /** Addresses of restricted pods: the pod that had it last holds it. */
  readonly #holders = new Map<string, string>();

  constructor(nodeName: string, table: NftTable) {
    this.#nodeName = nodeName;
    this.#table = table;
  }

  setPod(key: string, pod: PolicyPod | undefined): void {
    const [namespace = ""] = key.split("/");
    const pods = this.#pods.get(namespace) ?? new Map<string, PolicyPod>();
    if (pod) this.#pods.set(namespace, pods.set(key, pod));
    else if (pods.delete(key) && pods.size === 0) this.#pods.delete(namespace);
    for (const set of this.#sets.values()) this.#place(set, key, pod);
    this.#restrict(key, pod);
  }

  setNamespace(name: string, labels: Labels | undefined): void {
    if (labels) this.#namespaces.set(name, labels);
    else this.#namespaces.delete(name);
    for (const pod of this.#pods.get(name)?.values() ?? [])
      for (const set of this.#sets.values()) if (set.source.peer?.namespaces) this.#place(set, pod.key, pod);
  }

  setPolicy(key: string, policy: CompiledPolicy | undefined): void {
    const [namespace = ""] = key.split("/");
    const policies = this.#policies.get(namespace) ?? new Map<string, CompiledPolicy>();
    if (policy) this.#policies.set(namespace, policies.set(key, policy));
    else if (policies.delete(key) && policies.size === 0) this.#policies.delete(namespace);
    for (const pod of this.#pods.get(namespace)?.values() ?? []) this.#restrict(pod.key, pod);
  }

  readonly #labelsOf = (namespace: string): Labels => this.#namespaces.get(namespace) ?? NO_LABELS;

  /** Brings the chains of a pod in step: the new ones are taken before the old ones are let go, so that what both name stays. */
  #restrict(key: string, pod: PolicyPod | undefined): void {
    const before = this.#restricted.get(key);
    const chains = pod?.nodeName === this.#nodeName ? this.#chainsOf(pod) : {};
    for (const direction of DIRECTIONS) this.#take(chains[direction]);
    if (before) this.#unmap(before.pod, before.chains, pod, chains);
    if (pod && (chains.ingress || chains.egress)) {
      this.#map(pod, chains);
      this.#restricted.set(key, { pod, chains });
    } else this.#restricted.delete(key);
    for (const direction of DIRECTIONS) this.#release(before?.chains[direction]);
  }

  #chainsOf(pod: PolicyPod): Chains {
    const selecting = [...(this.#policies.get(pod.namespace)?.values() ?? [])].filter((policy) => selects(policy, pod));
    const chain = (direction: Direction) => renderChain(direction, selecting, pod);
    const [ingress, egress] = [chain("ingress"), chain("egress")];
    return { ...(ingress && { ingress }), ...(egress && { egress }) };
  }

  #map(pod: PolicyPod, chains: Chains): void {
    for (const ip of pod.ips) {
      this.#holders.set(ip, pod.key);
      this.#table.put(selfSet(familyOf(ip)), `${ip} . ${ip}`);
      for (const direction of DIRECTIONS) {
        const chain = chains[direction];
        if (chain) this.#table.put(podMap(direction, familyOf(ip)), ip, `jump ${chain.name}`);
      }
    }
  }

  /** Takes away what the pod has no more; what goes on with another chain is replaced by `put`. */
  #unmap(before: PolicyPod, had: Chains, now: PolicyPod | undefined, has: Chains): void {
    for (const ip of before.ips) {
      if (this.#holders.get(ip) !== before.key) continue;
      const stays = now?.ips.includes(ip) ?? false;
      for (const direction of DIRECTIONS)
        if (had[direction] && !(stays && has[direction])) this.#table.remove(podMap(direction, familyOf(ip)), ip);
      if (stays && (has.ingress || has.egress)) continue;
      this.#holders.delete(ip);
      this.#table.remove(selfSet(familyOf(ip)), `${ip} . ${ip}`);
    }
  }

  #take(chain: RenderedChain | undefined): void {
    if (!chain) return;
    const users = this.#chainUsers.get(chain.name) ?? 0;
    this.#chainUsers.set(chain.name, users + 1);
    if (users > 0) return;
    for (const source of chain.sources) this.#open(source).users++;
    this.#table.addChain(chain.name, chain.rules);
  }

  #release(chain: RenderedChain | undefined): void {
    if (!chain) return;
    const users = (this.#chainUsers.get(chain.name) ?? 1) - 1;
    if (users > 0) {
      this.#chainUsers.set(chain.name, users);
      return;
    }
    this.#chainUsers.delete(chain.name);
    this.#table.removeChain(chain.name);
    for (const { id } of chain.sources) this.#close(id);
  }

  #open(source: AddressSource): LiveSet {
    const known = this.#sets.get(source.id);
    if (known) return known;
    const set: LiveSet = { source, members: new Map(), counts: new Map(), users: 0 };
    this.#sets.set(source.id, set);
    for (const family of FAMILIES) this.#table.addSet(setName(source, family), setType(source, family));
    const { namespace } = source.peer ?? {};
    for (const pods of namespace ? [this.#pods.get(namespace)] : this.#pods.values())
      for (const pod of pods?.values() ?? []) this.#place(set, pod.key, pod);
    return set;
  }

  #close(id: string): void {
    const set = this.#sets.get(id);
    if (!set || --set.users > 0) return;
    this.#sets.delete(id);
    for (const family of FAMILIES) this.#table.removeSet(setName(set.source, family));
  }

  /** What a pod adds to a set, from now on. */
  #place({ source, members, counts }: LiveSet, key: string, pod: PolicyPod | undefined): void {
    const before = members.get(key) ?? NONE;
    // Most pods are in few sets, and most sets hold few pods.
    if (before === NONE && !(pod && (!source.peer || isMember(source.peer, pod, this.#labelsOf)))) return;
    const now = pod ? FAMILIES.flatMap((family) => elementsOf(source, pod, family, this.#labelsOf)) : [];
    if (now.length > 0) members.set(key, now);
    else members.delete(key);
    for (const element of now) {
      if (before.includes(element)) continue;
      counts.set(element, (counts.get(element) ?? 0) + 1);
      this.#table.put(setName(source, familyOf(element)), element);
    }
    for (const element of before) {
      if (now.includes(element)) continue;
      const left = (counts.get(element) ?? 1) - 1;
      if (left > 0) counts.set(element, left);
      else if (counts.delete(element)) this.#table.remove(setName(source, familyOf(element)), element);
    }
  }
}
