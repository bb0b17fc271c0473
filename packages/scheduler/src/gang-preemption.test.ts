import assert from "node:assert/strict";
import { test } from "node:test";
import { podgroups, pods } from "@kubets/api/generated/refs";
import type { Pod } from "@kubets/api/generated/types/core-v1";
import type { PodGroupSpec } from "@kubets/api/generated/types/scheduling-v1alpha2";
import type { KubeObject } from "@kubets/api/meta";
import { node } from "@kubets/api/testing/node-builder";
import { pod } from "@kubets/api/testing/pod-builder";
import { seededRandom } from "@kubets/machinery";
import { MetricsRegistry } from "@kubets/machinery/metrics";
import { randomInt } from "@kubets/machinery/random";
import { podGroup } from "./testing/gangs.ts";
import { inTime, type Run, runScheduler, scheduling as schedulingWith } from "./testing/run.ts";

const GATES = { GenericWorkload: true, GangScheduling: true, WorkloadAwarePreemption: true };
const STARTED = { phase: "Running", startTime: "2026-01-01T00:00:00Z" } as const;

const room = (name: string, cpu: string) => node(name).capacity({ cpu, pods: "10" }).build();
const member = (name: string, podGroupName = "g") =>
  pod(name).requests({ cpu: "1" }).spec({ schedulingGroup: { podGroupName } });
const standing = (name: string, on: string, priority = 0) =>
  pod(name).on(on).requests({ cpu: "1" }).priority(priority).status(STARTED);
const ofGroup = (podGroupName: string, name: string, on: string) =>
  standing(name, on).spec({ schedulingGroup: { podGroupName } }).build();
const lofty = (minCount: number, more: Partial<PodGroupSpec> = {}) =>
  podGroup("g", minCount, { priority: 100, ...more });

const scheduling: typeof schedulingWith = (objects, body, options) =>
  schedulingWith(objects, body, { featureGates: GATES, ...options });

const deleted = ({ cluster }: Run): string[] =>
  cluster.requests.flatMap((request) => (request.startsWith("delete ") ? [request.slice(15)] : [])).sort();
const message = ({ cluster }: Run) =>
  cluster.truth(podgroups).find(({ metadata }) => metadata.name === "g")?.status?.conditions?.[0]?.message;

test("a group makes others go by its own priority, as many as it needs", async () => {
  const metrics = new MetricsRegistry();
  const objects = [
    ...["n1", "n2", "n3"].map((name) => room(name, "1")),
    ...["1", "2", "3"].map((i) => standing(`low-${i}`, `n${i}`, Number(i)).build()),
    lofty(2),
    member("a").build(),
    member("b").build(),
  ];
  await scheduling(
    objects,
    async (run) => {
      assert.deepEqual(deleted(run), ["low-1", "low-2"], "the least important go");
      assert.match(
        run.cluster.events.join("\n"),
        /a: Warning FailedScheduling: 0\/3 nodes are available: 3 Insufficient cpu/,
      );
      assert.ok(run.cluster.events.includes("low-1: Normal Preempted: Preempted by podgroup uid-g on node cluster"));
      await inTime(run);
      assert.deepEqual(
        run.cluster.placements().map((each) => each.slice(0, 6)),
        ["a -> n", "b -> n", "low-3 "],
      );
      const text = [...metrics.expose()].join("");
      for (const result of ["waiting_on_preemption", "scheduled"])
        assert.match(
          text,
          new RegExp(
            `^scheduler_podgroup_schedule_attempts_total{result="${result}",profile="default-scheduler"} 1$`,
            "m",
          ),
        );
      assert.match(
        text,
        /^scheduler_podgroup_scheduling_attempt_duration_seconds_count\{result="scheduled",profile="default-scheduler"\} 1$/m,
      );
      assert.match(text, /^scheduler_podgroup_scheduling_algorithm_duration_seconds_count 2$/m);
    },
    { metrics },
  );
  const featureGates = { ...GATES, WorkloadAwarePreemption: false };
  await scheduling(objects, (run) => assert.deepEqual(deleted(run), []), { featureGates });
});

test("each pod is marked with who makes it go, and nominated before", () =>
  scheduling([room("n1", "1"), standing("low", "n1").build(), lofty(1), member("a").build()], async (run) => {
    const [marked, nominated] = run.cluster.requests;
    assert.deepEqual([marked, nominated], ["patch default/low", "patch default/a"]);
    await inTime(run);
    assert.deepEqual(run.cluster.placements(), ["a -> n1"]);
  }));

const RING = ["n1", "n2"].map((name) => room(name, "1"));
const PAIR = [ofGroup("v", "v-1", "n1"), ofGroup("v", "v-2", "n2")];
const NEEDY = [lofty(1), member("a").build()];

const cases: readonly {
  readonly name: string;
  readonly objects: readonly KubeObject[];
  readonly gone: readonly string[];
  readonly message?: string;
}[] = [
  {
    name: "a group that is disrupted as a whole goes as a whole",
    objects: [...RING, podGroup("v", 1, { disruptionMode: "PodGroup" }), ...PAIR, ...NEEDY],
    gone: ["v-1", "v-2"],
  },
  {
    name: "of a group that is disrupted pod by pod no more go than must",
    objects: [
      ...RING,
      podGroup("v", 1, { disruptionMode: "Pod" }),
      ofGroup("v", "v-1", "n1"),
      standing("x", "n2", 200).build(),
      ...NEEDY,
    ],
    gone: ["v-1"],
  },
  {
    name: "a whole group goes by its own priority",
    objects: [...RING, podGroup("v", 1, { disruptionMode: "PodGroup", priority: 100 }), ...PAIR, ...NEEDY],
    gone: [],
    message: "pod group is unschedulable, No preemption victims found for incoming preemptor",
  },
  {
    name: "a single pod goes before a group of its priority",
    objects: [
      room("n3", "1"),
      standing("single", "n3").build(),
      ...RING,
      podGroup("v", 1, { disruptionMode: "PodGroup" }),
      ...PAIR,
      ...NEEDY,
    ],
    gone: ["single"],
  },
  {
    name: "nobody goes in vain",
    objects: [
      ...RING,
      standing("low", "n1").build(),
      standing("high", "n2", 200).build(),
      lofty(2),
      member("a").build(),
      member("b").build(),
    ],
    gone: [],
    message: "pod group is unschedulable, pod group is unschedulable",
  },
  {
    name: "where a pod of the group makes nobody go, the group does not",
    objects: [
      room("n1", "1"),
      standing("low", "n1").build(),
      lofty(1),
      member("a")
        .spec({ schedulingGroup: { podGroupName: "g" }, preemptionPolicy: "Never" })
        .build(),
    ],
    gone: [],
    message: "pod group is unschedulable, not eligible due to preemptionPolicy=Never.",
  },
  {
    name: "who keeps others away from a whole zone goes, wherever it stands",
    objects: [
      ...["n1", "n2"].map((name) => node(name).capacity({ cpu: "4", pods: "10" }).labels({ zone: "z" }).build()),
      standing("loner", "n2")
        .spec({
          affinity: {
            podAntiAffinity: {
              requiredDuringSchedulingIgnoredDuringExecution: [
                { labelSelector: { matchLabels: { app: "x" } }, topologyKey: "zone" },
              ],
            },
          },
        })
        .build(),
      standing("other", "n1").build(),
      lofty(1),
      member("a").labels({ app: "x" }).build(),
    ],
    gone: ["loner"],
  },
  {
    name: "a disruption budget protects a group with one of its pods",
    objects: [
      ...["n3", "n4"].map((name) => room(name, "1")),
      ...RING,
      podGroup("v", 1, { disruptionMode: "PodGroup" }),
      podGroup("w", 1, { disruptionMode: "PodGroup", priority: 5 }),
      { ...PAIR[0], metadata: { ...PAIR[0]?.metadata, labels: { app: "v" } } } as Pod,
      PAIR[1] as Pod,
      ofGroup("w", "w-1", "n3"),
      ofGroup("w", "w-2", "n4"),
      {
        kind: "PodDisruptionBudget",
        apiVersion: "policy/v1",
        metadata: { name: "v", namespace: "default", uid: "v" },
        spec: { selector: { matchLabels: { app: "v" } } },
        status: { disruptionsAllowed: 0 },
      } as unknown as KubeObject,
      ...NEEDY,
    ],
    gone: ["w-1", "w-2"],
  },
];

for (const { name, objects, gone, message: told } of cases)
  test(name, () =>
    scheduling(objects, async (run) => {
      assert.deepEqual(deleted(run), gone);
      if (told) assert.equal(message(run), told);
      await inTime(run);
      assert.equal(run.cluster.pod("a").spec.nodeName !== undefined, gone.length > 0);
    }),
  );

test("pods of a group make nobody go one by one, and say so", () =>
  scheduling(
    [room("n1", "1"), standing("low", "n1").build(), podGroup("g", 1), member("a").priority(9).build()],
    (run) => {
      assert.deepEqual(deleted(run), []);
      assert.match(run.cluster.events.join(), /preemption: not eligible due to workload aware preemption enabled/);
    },
  ));

/** The server takes deletions, but the pods need time to go. */
const slowToGo =
  ({ cluster }: Run) =>
  (request: string) => {
    if (!request.startsWith("delete ")) return undefined;
    const victim = cluster.pod(request.slice(15));
    cluster.put({ ...victim, metadata: { ...victim.metadata, deletionTimestamp: "2026-01-01T00:01:00Z" } });
    return Object.assign(new Error("gone"), { name: "StatusError" });
  };

test("while those who were made to go take their time, nobody else goes", () =>
  scheduling([], async (run) => {
    const { cluster, settle } = run;
    cluster.fault = slowToGo(run);
    cluster.put(...RING, standing("one", "n1").build(), standing("two", "n2", 1).build(), ...NEEDY);
    await settle();
    // Something else changes: the group is tried again.
    cluster.put(room("n3", "0"), room("n4", "0"));
    await inTime(run);
    assert.deepEqual(
      ["one", "two"].filter((name) => cluster.pod(name).metadata.deletionTimestamp),
      ["one"],
    );
    assert.equal(cluster.pod("a").status.nominatedNodeName, "n1");
    cluster.remove("Pod", "default/one");
    await inTime(run);
    assert.deepEqual(cluster.placements(), ["a -> n1", "two -> n2"]);
  }));

test("a group that waits for room does not wake itself by looking elsewhere", () =>
  scheduling([], async (run) => {
    const { cluster, settle } = run;
    cluster.fault = slowToGo(run);
    cluster.put(...RING, standing("one", "n1").build(), standing("two", "n2").build());
    cluster.put(lofty(2), member("a").build(), member("b").build());
    await settle();
    const places = ["a", "b"].map((name) => cluster.pod(name).status.nominatedNodeName);
    assert.deepEqual(new Set(places), new Set(["n1", "n2"]));
    // Room for one of them, which does not help.
    cluster.put(room("n3", "1"));
    await settle();
    await inTime(run);
    assert.deepEqual(
      ["a", "b"].map((name) => cluster.pod(name).status.nominatedNodeName),
      places,
    );
    for (const name of ["one", "two"]) cluster.remove("Pod", `default/${name}`);
    await inTime(run);
    assert.ok(["a", "b"].every((name) => cluster.pod(name).spec.nodeName));
  }));

test("what changes while a group is tried without others is not lost", async () => {
  const run = await runScheduler({ featureGates: GATES });
  const { cluster } = run.scheduler;
  run.cluster.put(
    room("n1", "4"),
    standing("stays", "n1").build(),
    standing("goes", "n1").build(),
    standing("changes", "n1").build(),
  );
  const uids = ["stays", "goes", "changes"].map((name) => run.cluster.pod(name).metadata.uid);
  for (const uid of uids) cluster.withdraw(uid);
  assert.equal(cluster.node("n1")?.requested.milliCpu, 0);
  assert.equal(cluster.nodeOf(uids[0] as string), "n1");
  run.cluster.remove("Pod", "default/goes");
  run.cluster.put(standing("changes", "n1").requests({ cpu: "2" }).build());
  assert.equal(cluster.node("n1")?.requested.milliCpu, 0);
  for (const uid of uids) cluster.putBack(uid);
  assert.deepEqual(
    cluster.node("n1")?.pods.map(({ pod }) => [pod.metadata.name, pod.spec.containers[0]?.resources?.requests?.cpu]),
    [
      ["stays", "1"],
      ["changes", "2"],
    ],
  );
  run.stop();
});

test("the units that go are those that a naive count finds", async () => {
  const random = seededRandom(5);
  const below = (limit: number) => randomInt(random, limit);
  for (let round = 0; round < 40; round++) {
    const units: { readonly priority: number; readonly grouped: boolean; readonly names: readonly string[] }[] = [];
    const objects: KubeObject[] = [];
    const nodes = 2 + below(4);
    const free = Array.from({ length: nodes }, () => 3);
    const place = (): string | undefined => {
      const at = below(nodes);
      if (!free[at]) return undefined;
      free[at]--;
      return `n${at}`;
    };
    for (let i = 0; i < nodes; i++) objects.push(room(`n${i}`, "3"));
    for (let i = 0; i < 8; i++) {
      // Each unit has its own priority: among equals the order is another matter.
      const priority = i < 6 ? i * 10 + below(10) : 200;
      const size = 1 + below(3);
      const grouped = below(2) === 0;
      const names: string[] = [];
      for (let j = 0; j < (grouped ? size : 1); j++) {
        const on = place();
        if (!on) continue;
        const name = `u${i}-${j}`;
        names.push(name);
        const built = standing(name, on, priority);
        objects.push(grouped ? built.spec({ schedulingGroup: { podGroupName: `v${i}` } }).build() : built.build());
      }
      if (grouped) objects.push(podGroup(`v${i}`, 1, { priority, disruptionMode: "PodGroup" }));
      if (names.length) units.push({ priority, grouped, names });
    }
    const wanted = 1 + below(6);
    objects.push(lofty(wanted), ...Array.from({ length: wanted }, (_, i) => member(`a${i}`).build()));

    const lower = units.filter(({ priority }) => priority < 100).sort((a, b) => b.priority - a.priority);
    let left = free.reduce((sum, each) => sum + each, 0);
    const needed = left < wanted;
    for (const { names } of lower) left += names.length;
    const expected: string[] = [];
    if (needed && left >= wanted)
      for (const { names } of lower) {
        if (left - names.length >= wanted) left -= names.length;
        else expected.push(...names);
      }
    await scheduling(objects, async (run) => {
      assert.deepEqual(deleted(run), expected.sort(), `round ${round}`);
      await inTime(run);
      const bound = run.cluster.placements().filter((each) => /^a\d -> n/.test(each)).length;
      assert.equal(bound, !needed || expected.length ? wanted : 0, `round ${round}`);
    });
  }
});

test("whatever comes and goes, no group stands in part, and none waits that may make others go for it", async () => {
  const random = seededRandom(23);
  const below = (limit: number) => randomInt(random, limit);
  for (let round = 0; round < 20; round++)
    await scheduling([], async (run) => {
      const { cluster, settle } = run;
      const groups = new Map<string, { readonly needed: number; readonly priority: number }>();
      const of = (group: string) =>
        cluster.truth(pods).filter(({ spec }) => spec.schedulingGroup?.podGroupName === group);
      let capacity = 0;
      for (let step = 0; step < 12; step++) {
        const kind = below(4);
        if (kind === 0) {
          const cpu = 1 + below(3);
          capacity += cpu;
          cluster.put(room(`n${step}`, String(cpu)));
        } else if (kind < 3) {
          const name = `g${step}`;
          const [needed, priority] = [1 + below(4), below(3)];
          groups.set(name, { needed, priority });
          cluster.put(podGroup(name, needed, { priority, disruptionMode: "PodGroup" }));
          for (let i = 0; i < needed; i++) cluster.put(member(`${name}-${i}`, name).priority(priority).build());
        } else {
          const [group] = [...groups.keys()].slice(below(groups.size || 1));
          for (const { metadata } of of(group ?? "")) cluster.remove("Pod", `default/${metadata.name}`);
        }
        if (below(2)) await settle();
      }
      await settle();
      for (let i = 0; i < 3; i++) await inTime(run);
      const bound = (group: string) => of(group).filter(({ spec }) => spec.nodeName).length;
      const free = capacity - [...groups.keys()].reduce((sum, group) => sum + bound(group), 0);
      for (const [group, { needed, priority }] of groups) {
        const [there, stands] = [of(group).length, bound(group)];
        assert.ok(
          stands === 0 || stands === there,
          `round ${round}: ${stands} of ${group}, of which ${there} are there`,
        );
        const lower = [...groups].filter(([, other]) => other.priority < priority).map(([name]) => bound(name));
        const room = lower.reduce((sum, each) => sum + each, free);
        assert.ok(there < needed || stands || room < needed, `round ${round}: ${group} waits`);
      }
      assert.equal(run.scheduler.cluster.sizes.assumed_pods, 0);
    });
});
