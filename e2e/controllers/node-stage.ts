/**
 * What commands of scripts about nodes do, on a virtual clock: `zones a=4 b=4` makes a cluster, `silence a1 b` nodes or whole zones, `back` ends that,
 * `pass 60s` lets time go, `sleep 1h` lets the machine sleep. What is shown: who is given up (no new pods there) and who is emptied (its pods are
 * driven off), and when, counted from the command's beginning.
 */
import { leases, nodes } from "@kubets/api/generated/refs";
import { parseDuration } from "@kubets/machinery/duration";
import { formatMicroTime, formatTime } from "@kubets/machinery/time";
import { startCluster, type TestCluster } from "./cluster.ts";
import type { Words } from "./script.ts";

const STEP_MS = 5000;
/** Of leases; their nodes are looked at twice as often. */
const BEAT_MS = 10_000;
const READY_BEFORE_MS = 20_000;

export class NodeStage {
  #cluster: TestCluster | undefined;
  #names: string[] = [];
  readonly #silent = new Set<string>();
  #sinceBeat = 0;

  async run(command: string, words: Words): Promise<readonly string[]> {
    switch (command) {
      case "zones":
        return this.#make(words);
      case "silence":
        for (const name of this.#named(words)) this.#silent.add(name);
        return [];
      case "back":
        for (const name of this.#named(words)) this.#silent.delete(name);
        return [];
      case "pass":
        return this.#pass(parseDuration(words.plain() ?? ""));
      case "sleep":
        this.#made.clock.suspend(parseDuration(words.plain() ?? ""));
        return [];
      default:
        throw new Error(`a script about nodes cannot ${command}`);
    }
  }

  async close(): Promise<void> {
    await this.#cluster?.stop();
    this.#cluster = undefined;
  }

  get #made(): TestCluster {
    if (!this.#cluster) throw new Error("a script about nodes begins with zones");
    return this.#cluster;
  }

  /** Nodes by their names, or all of a zone; all there are when none is said. */
  #named({ all }: Words): string[] {
    return all.length === 0
      ? this.#names
      : this.#names.filter((name) => all.includes(name) || all.includes(zoneOf(name)));
  }

  async #make({ all }: Words): Promise<readonly string[]> {
    await this.close();
    this.#silent.clear();
    const sizes = all.map((word) => word.split("=") as [string, string]);
    this.#names = sizes.flatMap(([zone, count]) => Array.from({ length: Number(count) }, (_, i) => `${zone}${i + 1}`));
    const cluster = await startCluster({ controllers: ["nodelifecycle"] });
    this.#cluster = cluster;
    await cluster.client.delete(nodes, { name: cluster.node.name });
    cluster.node.silent = true;
    for (const name of this.#names) {
      const metadata = { name, labels: { "topology.kubernetes.io/zone": zoneOf(name) } };
      await cluster.create(nodes, { metadata, status: { conditions: [ready(cluster)] } });
      await cluster.create(leases, {
        metadata: { namespace: "kube-node-lease", name },
        spec: { holderIdentity: name },
      });
    }
    return this.#pass(READY_BEFORE_MS);
  }

  async #pass(ms: number): Promise<string[]> {
    const lines: string[] = [];
    let before = await this.#state();
    for (let gone = 0; gone < ms; gone += STEP_MS) {
      if ((this.#sinceBeat += STEP_MS) >= BEAT_MS) await this.#beat();
      await this.#made.at(STEP_MS);
      const now = await this.#state();
      const changes = this.#names.flatMap((name) =>
        now.get(name) === before.get(name) ? [] : [`${now.get(name)} ${name}`],
      );
      before = now;
      if (changes.length > 0) lines.push(`${(gone + STEP_MS) / 1000}s: ${told(changes)}`);
    }
    const counts = Map.groupBy(before.values(), (state) => state);
    return [
      ...lines,
      [...counts]
        .map(([state, all]) => `${all.length} ${state}`)
        .toSorted()
        .join(", "),
    ];
  }

  /** Who is not silent renews its lease, and says that it is well when it was given up. */
  async #beat(): Promise<void> {
    this.#sinceBeat = 0;
    const { client, clock } = this.#made;
    for (const name of this.#names.filter((each) => !this.#silent.has(each))) {
      const key = { namespace: "kube-node-lease", name };
      const renewTime = formatMicroTime(clock.now());
      await client.patch(leases, key, { type: "merge", body: { spec: { renewTime } } });
      const { status } = await client.get(nodes, { name });
      if (status.conditions?.some(({ type, status: is }) => type === "Ready" && is === "True")) continue;
      const body = { status: { conditions: [ready(this.#made)] } };
      await client.patch(nodes, { name }, { type: "strategic", body }, { subresource: "status" });
    }
  }

  async #state(): Promise<Map<string, string>> {
    return new Map(
      (await this.#made.list(nodes)).map(({ metadata, spec }) => {
        const has = (effect: string) => spec.taints?.some((taint) => taint.effect === effect);
        return [metadata.name, has("NoExecute") ? "emptied" : has("NoSchedule") ? "given up" : "well"];
      }),
    );
  }
}

const zoneOf = (name: string): string => name.replace(/\d+$/, "");

const ready = ({ clock }: TestCluster) => {
  const time = formatTime(clock.now());
  return { type: "Ready", status: "True", lastHeartbeatTime: time, lastTransitionTime: time };
};

/** "given up a1 a2, emptied b1"; of many only how many. */
function told(changes: readonly string[]): string {
  const byState = Map.groupBy(changes, (change) => change.slice(0, change.lastIndexOf(" ")));
  return [...byState]
    .map(([state, all]) => {
      const names = all.map((change) => change.slice(state.length + 1));
      return names.length > 8 ? `${names.length} ${state}` : `${state} ${names.join(" ")}`;
    })
    .join(", ");
}
