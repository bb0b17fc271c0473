/**
 * What commands of scripts do, and how what follows is shown: the sizes of ReplicaSets by image ("a3 b1": three wanted of image a, one of b), one step
 * after the other; pods of a StatefulSet as they come and go ("+2b", "-2a"); and the status at the end.
 */
import { deployments, pods, replicasets, statefulsets } from "@kubets/api/generated/refs";
import type { Deployment, ReplicaSet, StatefulSet } from "@kubets/api/generated/types/apps-v1";
import type { Pod } from "@kubets/api/generated/types/core-v1";
import type { TestCluster } from "./cluster.ts";
import type { Words } from "./script.ts";

const QUIET_MS = 2000;
const LONGEST_MS = 120_000;
const imageOf = ({ spec }: { spec: { template?: { spec?: Pod["spec"] } } }) =>
  spec.template?.spec?.containers[0]?.image ?? "?";
const template = (name: string, image: string) => ({
  metadata: { labels: { app: name } },
  spec: { containers: [{ name: "c", image }] },
});

export class Stage {
  readonly #cluster: TestCluster;
  readonly #failing: Set<string>;
  readonly #sets = new Map<string, ReplicaSet>();
  #steps: string[] = [];
  #count = 0;
  #name = "";
  #kind: "deployment" | "statefulset" = "deployment";

  private constructor(cluster: TestCluster, failing: Set<string>) {
    this.#cluster = cluster;
    this.#failing = failing;
  }

  static async open(cluster: TestCluster, failing: Set<string>): Promise<Stage> {
    const stage = new Stage(cluster, failing);
    const scope = { namespace: "default", sendInitialEvents: true, allowBookmarks: true };
    const match = { ...scope, resourceVersionMatch: "NotOlderThan" } as const;
    await cluster.client.watch(replicasets, match, {
      events: (batch) => batch.forEach(({ type, object }) => stage.#onSet(type, object)),
      closed: () => {},
    });
    await cluster.client.watch(pods, match, {
      events: (batch) => batch.forEach(({ type, object }) => stage.#onPod(type, object)),
      closed: () => {},
    });
    return stage;
  }

  async run(command: string, words: Words): Promise<readonly string[]> {
    this.#steps = [];
    await this.#carryOut(command, words);
    await this.#settle();
    return [...(this.#steps.length > 0 ? wrapped(this.#steps) : []), await this.#status()];
  }

  async #carryOut(command: string, words: Words): Promise<void> {
    switch (command) {
      case "deployment":
        return this.#makeDeployment(words);
      case "statefulset":
        return this.#makeStatefulSet(words);
      case "image":
        return this.#merge({ spec: { template: template(this.#name, words.plain() ?? "") } });
      case "scale":
        return this.#merge({ spec: { replicas: Number(words.plain()) } });
      case "pause":
        return this.#merge({ spec: { paused: true } });
      case "resume":
        return this.#merge({ spec: { paused: false } });
      case "undo":
        return this.#merge({
          metadata: { annotations: { "deprecated.deployment.rollback.to": words.plain() ?? "0" } },
        });
      case "partition":
        return this.#merge({ spec: { updateStrategy: { rollingUpdate: { partition: Number(words.plain()) } } } });
      case "fail":
        this.#failing.add(words.plain() ?? "");
        return;
      case "wait":
        return this.#cluster.at(Number.parseInt(words.plain() ?? "0", 10) * 1000);
      default:
        throw new Error(`a script cannot ${command}`);
    }
  }

  async #makeDeployment(words: Words): Promise<void> {
    this.#begin("deployment");
    const rollingUpdate = { maxSurge: words.portion("surge"), maxUnavailable: words.portion("unavailable") };
    await this.#cluster.create(deployments, {
      metadata: { namespace: "default", name: this.#name },
      spec: {
        ...this.#common(words),
        strategy: words.has("recreate") ? { type: "Recreate" } : { type: "RollingUpdate", rollingUpdate },
        progressDeadlineSeconds: words.number("deadline"),
        revisionHistoryLimit: words.number("history"),
      },
    });
  }

  async #makeStatefulSet(words: Words): Promise<void> {
    this.#begin("statefulset");
    const partition = words.number("partition");
    const start = words.number("start");
    await this.#cluster.create(statefulsets, {
      metadata: { namespace: "default", name: this.#name },
      spec: {
        ...this.#common(words),
        serviceName: "db",
        podManagementPolicy: words.has("parallel") ? "Parallel" : "OrderedReady",
        updateStrategy: words.has("ondelete")
          ? { type: "OnDelete" }
          : { type: "RollingUpdate", ...(partition !== undefined && { rollingUpdate: { partition } }) },
        ...(start !== undefined && { ordinals: { start } }),
      },
    });
  }

  #common(words: Words) {
    return {
      replicas: words.number("replicas"),
      selector: { matchLabels: { app: this.#name } },
      template: template(this.#name, words.get("image") ?? "a"),
    };
  }

  #begin(kind: "deployment" | "statefulset"): void {
    this.#kind = kind;
    this.#name = `${kind === "deployment" ? "web" : "db"}${++this.#count}`;
    this.#failing.clear();
  }

  async #merge(body: object): Promise<void> {
    const ref = this.#kind === "deployment" ? deployments : statefulsets;
    const patch = { type: "merge", body } as const;
    await this.#cluster.client.patch<Deployment | StatefulSet>(
      ref as typeof deployments,
      { namespace: "default", name: this.#name },
      patch,
    );
  }

  #onSet(type: string, set: ReplicaSet): void {
    if (type === "BOOKMARK" || set.metadata.ownerReferences?.[0]?.name !== this.#name) return;
    if (type === "DELETED") this.#sets.delete(set.metadata.name);
    else this.#sets.set(set.metadata.name, set);
    const own = [...this.#sets.values()].filter(({ metadata }) => metadata.ownerReferences?.[0]?.name === this.#name);
    const step = own
      .map((each) => `${imageOf(each)}${each.spec.replicas}`)
      .toSorted()
      .filter((text) => !/^\D+0$/.test(text))
      .join(" ");
    if (step && step !== this.#steps.at(-1)) this.#steps.push(step);
  }

  #onPod(type: string, pod: Pod): void {
    if (this.#kind !== "statefulset" || (type !== "ADDED" && type !== "DELETED")) return;
    if (pod.metadata.ownerReferences?.[0]?.name !== this.#name) return;
    const sign = type === "ADDED" ? "+" : "-";
    this.#steps.push(`${sign}${pod.metadata.name.split("-").at(-1)}${pod.spec.containers[0]?.image}`);
  }

  /** Until nothing is written for a while. */
  async #settle(): Promise<void> {
    const { writes } = this.#cluster;
    let [seen, quiet] = [writes.length, 0];
    for (let gone = 0; quiet < QUIET_MS && gone < LONGEST_MS; gone += 100) {
      await this.#cluster.at(100);
      quiet = writes.length === seen ? quiet + 100 : 0;
      seen = writes.length;
    }
  }

  async #status(): Promise<string> {
    if (this.#kind === "statefulset") {
      const { status } = await this.#cluster.get(statefulsets, this.#name);
      const same = status.currentRevision === status.updateRevision ? "one revision" : "two revisions";
      return `${counted({ replicas: status.replicas, updated: status.updatedReplicas, ready: status.readyReplicas })}, ${same}`;
    }
    const { status, metadata } = await this.#cluster.get(deployments, this.#name);
    const counts = { replicas: status.replicas, updated: status.updatedReplicas, available: status.availableReplicas };
    const reason = (type: string) => status.conditions?.find((each) => each.type === type)?.reason ?? "none";
    const revision = metadata.annotations?.["deployment.kubernetes.io/revision"] ?? "none";
    return `${counted(counts)}, ${reason("Progressing")}, ${reason("Available")}, revision ${revision}`;
  }
}

const counted = (counts: Readonly<Record<string, number | undefined>>): string =>
  Object.entries(counts)
    .map(([name, count]) => `${count ?? 0} ${name}`)
    .join(", ");

/** A dozen steps to a line. */
const wrapped = (steps: readonly string[]): string[] =>
  Array.from({ length: Math.ceil(steps.length / 12) }, (_, i) => steps.slice(12 * i, 12 * (i + 1)).join(" > "));
