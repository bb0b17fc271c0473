/**
 * Gives containers what they have for themselves, and keeps the others away from it.
 * Holds: pods are decided on one after the other; what was given is on the disk before the pod begins; containers without CPUs of their own run
 * on those that nobody has alone, also when these become fewer.
 */
import type { Pod, ResourceStatus } from "@kubets/api/generated/types/core-v1";
import { deepEqual, type Logger } from "@kubets/machinery";
import type { Rejection } from "../admission/admit.ts";
import type { LinuxResources, Runtime } from "../runtime/runtime.ts";
import {
  type Allotment,
  type AllotmentStore,
  type ContainerExtras,
  noExtras,
  POD_POOL,
  type PodAllotments,
} from "./allotment.ts";
import type { AllotmentCounts } from "./allotment-counts.ts";
import { formatCpuList } from "./cpus.ts";
import { choiceAmong } from "./devices/choose.ts";
import type { DevicePlugins } from "./devices/device-plugins.ts";
import { planAllotments } from "./plan.ts";
import { hasPool } from "./pod-pool.ts";
import { fixedBy, replan } from "./replan.ts";
import { freeCpus, type NodePolicies, type NodeSupply } from "./supply.ts";

interface NodeResourcesOptions {
  readonly policies: NodePolicies;
  readonly supply: Omit<NodeSupply, "devices">;
  readonly plugins: Pick<DevicePlugins, "devices" | "preferred" | "allocate" | "preStart">;
  readonly store: AllotmentStore;
  readonly runtime: Pick<Runtime, "updateResources">;
  readonly log: Logger;
  /** Whether statuses say how devices are (gate ResourceHealthStatus). */
  readonly tellsHealth?: boolean;
  /** Where it is counted what pods are given (gate PodLevelResourceManagers). */
  readonly counts?: AllotmentCounts | undefined;
  /** Containers that run now. */
  running(): readonly { readonly uid: string; readonly name: string; readonly id: string }[];
}

export class NodeResources {
  readonly #options: NodeResourcesOptions;
  #deciding: Promise<unknown> = Promise.resolve();

  constructor(options: NodeResourcesOptions) {
    this.#options = options;
  }

  get policies(): NodePolicies {
    return this.#options.policies;
  }

  get supply(): NodeSupply {
    const { supply, plugins } = this.#options;
    return { ...supply, devices: (resource) => plugins.devices(resource) };
  }

  of(uid: string): PodAllotments | undefined {
    return this.#options.store.of(uid);
  }

  /** Whether the pod wants anything that must be decided on. */
  concerns(pod: Pod): boolean {
    return planAllotments(pod, this.policies, this.supply, []) !== undefined;
  }

  /** Takes what the pod wants; gives why it cannot be had. */
  admit(pod: Pod): Promise<Rejection | undefined> {
    const decide = () => this.#admit(pod);
    const decided = this.#deciding.then(decide, decide);
    this.#deciding = decided;
    return decided;
  }

  /** Whether the pod has CPUs or memory of its own. */
  hasOwn(uid: string): boolean {
    return Object.values(this.of(uid) ?? {}).some(({ cpus, memory }) => cpus || memory);
  }

  /** Why the pod can have no more and no less while it runs. */
  fixed(wanted: Pod, has: Pod): string | undefined {
    return fixedBy(wanted, has, this.policies);
  }

  /** Takes what a pod wants to have instead, or gives back what it does not want any more; gives why it cannot be. */
  resize(wanted: Pod, has: Pod): Promise<string | undefined> {
    const decide = () => this.#resize(wanted, has);
    const decided = this.#deciding.then(decide, decide);
    this.#deciding = decided;
    return decided;
  }

  /** CPUs and memory nodes that the container may use; "" for any. */
  placeOf(uid: string, container: string): Pick<LinuxResources, "cpusetCpus" | "cpusetMems" | "cpuQuota"> {
    const { cpus, memory } = this.of(uid)?.[container] ?? {};
    const shared = this.policies.cpus === "static" ? this.#sharedCpus() : "";
    return {
      cpusetCpus: cpus ? formatCpuList(cpus) : shared,
      cpusetMems: memory ? formatCpuList(memory.nodes) : "",
      ...this.quotaOf(uid, container),
    };
  }

  /** Who is alone on its CPUs uses them without being slowed down. */
  quotaOf(uid: string, container: string): Pick<LinuxResources, "cpuQuota"> {
    return hasCpusAlone(this.of(uid)?.[container]) ? { cpuQuota: NO_QUOTA } : {};
  }

  /** Whether a container of the pod is alone on its CPUs. */
  hasCpusAlone(uid: string): boolean {
    return Object.entries(this.of(uid) ?? {}).some(([name, each]) => name !== POD_POOL && hasCpusAlone(each));
  }

  extrasOf(uid: string, container: string): ContainerExtras {
    return this.of(uid)?.[container]?.extras ?? noExtras;
  }

  /** How the devices are that a container was given; of a resource that nobody offers any more, nobody knows. */
  healthOf(uid: string, container: string): ResourceStatus[] {
    if (!this.#options.tellsHealth) return [];
    return Object.entries(this.of(uid)?.[container]?.devices ?? {})
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, ids]) => {
        const known = this.#options.plugins.devices(name) ?? [];
        const healthOf = (id: string) => {
          const device = known.find((each) => each.id === id);
          return device ? (device.healthy ? "Healthy" : "Unhealthy") : "Unknown";
        };
        return { name, resources: ids.map((id) => ({ resourceID: id, health: healthOf(id) })) };
      });
  }

  async preStart(uid: string, container: string): Promise<void> {
    for (const [resource, ids] of Object.entries(this.of(uid)?.[container]?.devices ?? {}))
      await this.#options.plugins.preStart(resource, ids);
  }

  async release(uid: string): Promise<void> {
    if (await this.#options.store.remove(uid)) await this.#spread();
  }

  /** Gives back what belongs to no pod any more. */
  async keep(wanted: ReadonlySet<string>): Promise<void> {
    for (const [uid] of this.#options.store.all()) if (!wanted.has(uid)) await this.release(uid);
  }

  async #admit(pod: Pod): Promise<Rejection | undefined> {
    const { store } = this.#options;
    const { uid } = pod.metadata;
    if (store.of(uid)) return undefined;
    const plan = planAllotments(pod, this.policies, this.supply, store.taken());
    if (!plan) return undefined;
    const { counts } = this.#options;
    if ("rejection" in plan) {
      if (plan.lacks) counts?.refused(plan.lacks, hasPool(pod, this.policies) ? "pod" : "node");
      return plan.rejection;
    }
    try {
      const made: Record<string, Allotment> = {};
      for (const [name, allotment] of Object.entries(plan.allotments))
        made[name] = await this.#withDevices(allotment, Object.values(made));
      await store.set(uid, made);
      counts?.given(made);
    } catch (error) {
      const message = `Allocate failed due to ${(error as Error).message}, which is unexpected`;
      return { reason: "UnexpectedAdmissionError", message };
    }
    await this.#spread();
    return undefined;
  }

  async #resize(wanted: Pod, has: Pod): Promise<string | undefined> {
    const { uid } = wanted.metadata;
    const { store } = this.#options;
    if (this.policies.resizes.size === 0) return undefined;
    const held = store.of(uid) ?? {};
    const made = replan(wanted, has, held, this.policies, this.supply, store.taken(uid));
    if (typeof made === "string") return made;
    if (!this.hasOwn(uid)) return undefined;
    if (!deepEqual(made, held)) await store.set(uid, made);
    // Who gives CPUs back leaves them before others come; who gets some comes when the others have left.
    const shrinks = (name: string) => sizeOf(made[name]) < sizeOf(held[name]);
    await this.#place(uid, shrinks);
    await this.#spread();
    await this.#place(uid, (name) => !shrinks(name));
    return undefined;
  }

  /** Puts those that run, and have something of their own, where they have it. */
  async #place(uid: string, which: (name: string) => boolean): Promise<void> {
    for (const each of this.#options.running()) {
      const { cpus, memory } = (each.uid === uid && this.of(uid)?.[each.name]) || {};
      if ((cpus || memory) && which(each.name)) await this.#move(each.id, this.placeOf(uid, each.name));
    }
  }

  /** Asks the plugins which of their devices they would choose, and for what the container needs to use them. */
  async #withDevices(allotment: Allotment, before: readonly Allotment[]): Promise<Allotment> {
    const { plugins, store } = this.#options;
    const used = [...store.taken(), ...before.filter(({ passedOn }) => !passedOn)];
    const left = before.filter(({ passedOn }) => passedOn);
    const devices: Record<string, readonly string[]> = {};
    let extras = noExtras;
    for (const [resource, planned] of Object.entries(allotment.devices ?? {})) {
      const of = (all: readonly Allotment[]) => all.flatMap((each) => each.devices?.[resource] ?? []);
      const choice = choiceAmong(plugins.devices(resource) ?? [], planned, new Set(of(used)), of(left));
      const preferred = await plugins.preferred(resource, choice.available, choice.must, planned.length);
      devices[resource] = preferred ?? choice.otherwise;
      extras = merged(extras, await plugins.allocate(resource, devices[resource]));
    }
    return allotment.devices ? { ...allotment, devices, extras } : allotment;
  }

  #sharedCpus(): string {
    const { cpus, reservedCpus } = this.#options.supply;
    const kept = this.policies.cpuOptions.has("strict-cpu-reservation") ? reservedCpus : new Set<number>();
    return formatCpuList(freeCpus(cpus, kept, this.#options.store.taken()));
  }

  /** Those without CPUs of their own go where nobody is alone. */
  async #spread(): Promise<void> {
    if (this.policies.cpus !== "static") return;
    const cpusetCpus = this.#sharedCpus();
    // They stay where they are when no CPU is left for them, as it can be where the reserved ones are kept from them.
    if (!cpusetCpus) return;
    for (const { uid, name, id } of this.#options.running())
      if (!this.of(uid)?.[name]?.cpus) await this.#move(id, { cpusetCpus });
  }

  async #move(id: string, place: LinuxResources): Promise<void> {
    const { runtime, log } = this.#options;
    await runtime
      .updateResources(id, place)
      .catch((error: unknown) => log.warn("a container could not be moved to other CPUs", { container: id, error }));
  }
}

const NO_QUOTA = -1;
const sizeOf = ({ cpus = [] }: Allotment = {}): number => cpus.length;
const hasCpusAlone = ({ cpus, sharesCpus }: Allotment = {}): boolean => cpus !== undefined && !sharesCpus;

const merged = (a: ContainerExtras, b: ContainerExtras): ContainerExtras => ({
  envs: { ...a.envs, ...b.envs },
  mounts: [...a.mounts, ...b.mounts],
  devices: [...a.devices, ...b.devices],
  annotations: { ...a.annotations, ...b.annotations },
  cdiDevices: [...a.cdiDevices, ...b.cdiDevices],
});
