/** Random nodes and pods that make use of everything that decides placement; small, so that they get in each other's way. */
import type { Node, Pod, PodAffinityTerm } from "@kubets/api/generated/types/core-v1";
import { node } from "@kubets/api/testing/node-builder";
import { pod } from "@kubets/api/testing/pod-builder";
import { type Random, randomInt } from "@kubets/machinery";

const ZONE = "topology.kubernetes.io/zone";
const HOSTNAME = "kubernetes.io/hostname";

export class RandomCluster {
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  below(limit: number): number {
    return randomInt(this.#random, limit);
  }

  pick<T>(...from: readonly T[]): T {
    return from[this.below(from.length)] as T;
  }

  chance(percent: number): boolean {
    return this.below(100) < percent;
  }

  node(name: string): Node {
    const made = node(name).capacity({
      cpu: this.pick("2", "4", "3500m"),
      memory: this.pick("4Gi", "8Gi"),
      pods: this.pick("3", "6", "110"),
      ...(this.chance(30) ? { "example.com/thing": "2" } : {}),
    });
    if (this.chance(85)) made.labels({ [ZONE]: this.pick("a", "b", "c") });
    if (this.chance(50)) made.labels({ disk: this.pick("ssd", "hdd") });
    if (this.chance(15)) made.taint("t", this.pick("NoSchedule", "PreferNoSchedule", "NoExecute"), this.pick("x", "y"));
    if (this.chance(8)) made.unschedulable();
    return made.build();
  }

  /** `priorities`: some pods are more important than others, and make them go. */
  pod(name: string, { priorities = false } = {}): Pod {
    const made = pod(name, this.pick("one", "two")).labels({ app: this.pick("a", "b", "c") });
    if (priorities && this.chance(30)) made.priority(this.pick(10, 20));
    if (this.chance(80)) {
      made.requests({
        ...(this.chance(85) ? { cpu: this.pick("100m", "500m", "1") } : {}),
        ...(this.chance(85) ? { memory: this.pick("128Mi", "1Gi", "2Gi") } : {}),
        ...(this.chance(8) ? { "example.com/thing": "1" } : {}),
      });
    }
    if (this.chance(25)) made.tolerates({ key: "t", operator: "Exists" });
    if (this.chance(10)) made.nodeSelector({ disk: "ssd" });
    if (this.chance(10)) made.hostPort(8080 + this.below(2), "TCP", this.pick(undefined, "10.0.0.1", "10.0.0.2"));
    if (this.chance(60)) made.spec({ affinity: this.#affinity() });
    if (this.chance(35))
      made.spec({ topologySpreadConstraints: [this.#spread(), ...(this.chance(40) ? [this.#spread()] : [])] });
    return made.build();
  }

  #term(): PodAffinityTerm {
    return {
      topologyKey: this.pick(ZONE, HOSTNAME),
      labelSelector: this.pick(
        { matchLabels: { app: this.pick("a", "b") } },
        { matchExpressions: [{ key: "app", operator: "NotIn", values: ["c"] }] },
      ),
      ...(this.chance(20) ? { namespaces: ["two"] } : {}),
      ...(this.chance(20) ? { namespaceSelector: this.pick({}, { matchLabels: { team: "red" } }) } : {}),
    };
  }

  #affinity() {
    const preferred = () => [{ weight: 1 + this.below(10), podAffinityTerm: this.#term() }];
    return {
      ...(this.chance(15) ? { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [this.#term()] } } : {}),
      ...(this.chance(25)
        ? { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [this.#term()] } }
        : {}),
      ...(this.chance(30) ? { podAntiAffinity: { preferredDuringSchedulingIgnoredDuringExecution: preferred() } } : {}),
      ...(this.chance(30) ? { podAffinity: { preferredDuringSchedulingIgnoredDuringExecution: preferred() } } : {}),
      ...(this.chance(20)
        ? {
            nodeAffinity: {
              preferredDuringSchedulingIgnoredDuringExecution: [
                { weight: 5, preference: { matchExpressions: [{ key: "disk", operator: "In", values: ["hdd"] }] } },
              ],
            },
          }
        : {}),
    };
  }

  #spread() {
    return {
      maxSkew: 1 + this.below(2),
      topologyKey: this.pick(ZONE, HOSTNAME),
      whenUnsatisfiable: this.pick("DoNotSchedule", "ScheduleAnyway"),
      labelSelector: { matchLabels: { app: this.pick("a", "b") } },
      ...(this.chance(20) ? { nodeAffinityPolicy: "Ignore" } : {}),
      ...(this.chance(20) ? { nodeTaintsPolicy: "Honor" } : {}),
    };
  }
}
