import assert from "node:assert/strict";
import { test } from "node:test";
import { podgroups, pods } from "@kubets/api/generated/refs";
import type { PodGroup } from "@kubets/api/generated/types/scheduling-v1alpha2";
import type { KubeObject } from "@kubets/api/meta";
import { node } from "@kubets/api/testing/node-builder";
import { pod } from "@kubets/api/testing/pod-builder";
import { seededRandom } from "@kubets/machinery";
import { MetricsRegistry } from "@kubets/machinery/metrics";
import { randomInt } from "@kubets/machinery/random";
import { defaultConfig } from "./config/config.ts";
import type { GroupPlacement } from "./framework/group-placement.ts";
import { podGroup } from "./testing/gangs.ts";
import { MemoryCluster } from "./testing/memory-cluster.ts";
import { inTime, type Run, scheduling as schedulingWith } from "./testing/run.ts";

const GATES = { GenericWorkload: true, GangScheduling: true, TopologyAwareWorkloadScheduling: true };
const IN_ONE_RACK = { schedulingConstraints: { topology: [{ key: "rack" }] } };

const inRack = (rack: string, name: string, cpu: string) =>
  node(name).labels({ rack }).capacity({ cpu, memory: "8Gi", pods: "10" }).build();
const member = (name: string, podGroupName = "g") =>
  pod(name).requests({ cpu: "1", memory: "1Gi" }).spec({ schedulingGroup: { podGroupName } });
const members = (...names: readonly string[]) => names.map((name) => member(name).build());
const standing = (name: string, on: string, cpu = "1") =>
  pod(name).on(on).requests({ cpu, memory: "1Gi" }).status({ phase: "Running" }).build();
const rackwise = (minCount?: number) => podGroup("g", minCount, IN_ONE_RACK);

const scheduling: typeof schedulingWith = (objects, body, options) =>
  schedulingWith(objects, body, { featureGates: GATES, ...options });

const message = ({ cluster }: Run) => cluster.truth(podgroups)[0]?.status?.conditions?.[0]?.message;
/** Where the pods of the group stand. */
const placed = ({ cluster }: Run): string[] => cluster.placements().filter((each) => /^[a-d] /.test(each));

test("all pods of a group stand in one domain, though others have more room", async () => {
  const objects = [
    inRack("x", "x1", "1"),
    inRack("x", "x2", "1"),
    inRack("y", "y1", "1"),
    inRack("z", "z1", "1"),
    rackwise(2),
    ...members("a", "b"),
  ];
  await scheduling(objects, (run) =>
    assert.deepEqual(
      placed(run).map((each) => each.slice(5, 6)),
      ["x", "x"],
    ),
  );
  // Without the gate each goes where it likes best.
  await scheduling(
    [
      ...objects,
      inRack("y", "y2", "8"),
      inRack("z", "z2", "8"),
      standing("load", "x1", "500m"),
      standing("more", "x2", "500m"),
    ],
    (run) => assert.ok(placed(run).every((each) => !each.includes("x"))),
    { featureGates: { ...GATES, TopologyAwareWorkloadScheduling: false } },
  );
});

test("no domain is large enough: none is bound, and the first domain is told of", () =>
  scheduling(
    [
      inRack("x", "x1", "1"),
      inRack("y", "y1", "1"),
      node("bare").capacity({ cpu: "8", pods: "10" }).build(),
      rackwise(2),
      ...members("a", "b"),
    ],
    async (run) => {
      assert.deepEqual(placed(run), ["a -> ?", "b -> ?"]);
      assert.equal(message(run), "0/2 placements are available, first placement status: pod group is unschedulable");
      assert.match(
        run.cluster.events.join("\n"),
        /b: Warning FailedScheduling: 0\/3 nodes are available: 1 Insufficient cpu\. .*preemption: not eligible due to placement-based pod group scheduling limitation/,
      );
      // Room in a domain that is not the first.
      run.cluster.put(inRack("y", "y2", "1"));
      await inTime(run);
      assert.deepEqual(
        placed(run).map((each) => each.slice(5, 6)),
        ["y", "y"],
      );
    },
  ));

test("no node has the label: the group waits for one that gets it", () =>
  scheduling(
    [node("bare").capacity({ cpu: "8", pods: "10" }).build(), rackwise(2), ...members("a", "b")],
    async (run) => {
      assert.equal(message(run), "0/0 placements are available");
      run.cluster.put(inRack("x", "bare", "8"));
      await inTime(run);
      assert.deepEqual(placed(run), ["a -> bare", "b -> bare"]);
    },
  ));

test("who comes later goes where the others are, or waits", () =>
  scheduling([inRack("x", "x1", "2"), inRack("y", "y1", "1"), rackwise(2), ...members("a", "b")], async (run) => {
    assert.deepEqual(placed(run), ["a -> x1", "b -> x1"]);
    run.cluster.put(inRack("y", "y2", "8"), member("c").build());
    await inTime(run);
    assert.deepEqual(placed(run), ["a -> x1", "b -> x1", "c -> ?"]);
    run.cluster.put(inRack("x", "x2", "1"));
    await inTime(run);
    assert.deepEqual(placed(run), ["a -> x1", "b -> x1", "c -> x2"]);
  }));

test("when the others are gone, the group may go anywhere", () =>
  scheduling([inRack("x", "x1", "1"), rackwise(1), ...members("a")], async (run) => {
    run.cluster.put(inRack("x", "x1", "1"), inRack("y", "y1", "1"), member("b").build());
    await inTime(run);
    assert.deepEqual(placed(run), ["a -> x1", "b -> ?"]);
    run.cluster.put(
      node("x1").labels({ rack: "x" }).unschedulable().capacity({ cpu: "1", memory: "8Gi", pods: "10" }).build(),
    );
    run.cluster.remove("Pod", "default/a");
    await inTime(run);
    assert.deepEqual(placed(run), ["b -> y1"]);
  }));

test("pods of a group that stand in two domains are nothing to go by", () =>
  scheduling([inRack("x", "x1", "1"), inRack("y", "y1", "1"), podGroup("g", 2), ...members("a", "b")], async (run) => {
    run.cluster.put(rackwise(2), inRack("x", "x2", "1"), member("c").build());
    await inTime(run);
    assert.equal(placed(run)[2], "c -> ?");
    assert.match(
      run.cluster.events.join("\n"),
      /c: Warning FailedScheduling: cannot determine domain for already scheduled pods: more than 1 domain found for pod group: [xy], [xy]/,
    );
  }));

test("the placement that takes most of the group wins, then the fullest", async () => {
  const metrics = new MetricsRegistry();
  await scheduling(
    [inRack("x", "x1", "2"), inRack("y", "y1", "3"), inRack("z", "z1", "2"), rackwise(2), ...members("a", "b", "c")],
    (run) => assert.deepEqual(placed(run), ["a -> y1", "b -> y1", "c -> y1"]),
    { metrics },
  );
  for (const point of ["PlacementGenerate", "PlacementScore"])
    assert.match(
      [...metrics.expose()].join(""),
      new RegExp(
        `extension_point_duration_seconds_count\\{extension_point="${point}",status="Success"[^}]*\\} 1$`,
        "m",
      ),
    );
  await scheduling(
    [
      inRack("x", "x1", "8"),
      inRack("y", "y1", "8"),
      inRack("z", "z1", "8"),
      standing("load", "y1", "4"),
      rackwise(2),
      ...members("a", "b"),
    ],
    (run) => assert.deepEqual(placed(run), ["a -> y1", "b -> y1"]),
  );
});

test("what placements are scored by can be weighed", async () => {
  // x takes one pod and is full then, y takes two and is nearly empty.
  const objects = [inRack("x", "x1", "1"), inRack("y", "y1", "100"), rackwise(1), ...members("a", "b")];
  const weighed = (weight: number) => ({
    config: {
      ...defaultConfig,
      profiles: [
        {
          schedulerName: "default-scheduler",
          plugins: { placementScore: { enabled: [{ name: "NodeResourcesFit", weight }], disabled: [] } },
          pluginConfig: { NodeResourcesFit: { scoringStrategy: { resources: [{ name: "cpu", weight: 1 }] } } },
        },
      ],
    },
  });
  await scheduling(objects, (run) => assert.deepEqual(placed(run), ["a -> x1", "b -> ?"]), weighed(1));
  const { config } = weighed(1);
  const [profile] = config.profiles;
  const counted = { placementScore: { enabled: [{ name: "PodGroupPodsCount", weight: 9 }], disabled: [] } };
  await scheduling(objects, (run) => assert.deepEqual(placed(run), ["a -> y1", "b -> y1"]), {
    config: { ...config, profiles: [{ ...profile, plugins: counted } as (typeof config.profiles)[number]] },
  });
});

test("a group without a gang stands in one domain too", () =>
  scheduling([inRack("x", "x1", "1"), inRack("y", "y1", "2"), rackwise(), ...members("a", "b", "c")], (run) =>
    assert.deepEqual(placed(run), ["a -> y1", "b -> y1", "c -> ?"]),
  ));

test("no room is made for a group that has to stand in one domain", () =>
  scheduling(
    [
      inRack("x", "x1", "1"),
      standing("low", "x1"),
      podGroup("g", 1, { ...IN_ONE_RACK, priority: 100 }),
      member("a").priority(100).build(),
    ],
    (run) => {
      assert.deepEqual(placed(run), ["a -> ?"]);
      assert.equal(
        message(run),
        "0/1 placements are available, first placement status: pod group is unschedulable, workload aware preemption is not supported for pod groups with scheduling constraints",
      );
      assert.ok(!run.cluster.requests.some((request) => request.startsWith("delete")));
    },
    { featureGates: { ...GATES, WorkloadAwarePreemption: true } },
  ));

test("a node that goes while the group is tried is no place for it", async () => {
  const cluster = new MemoryCluster();
  const topologyPlacementGenerator = () => ({
    name: "TopologyPlacementGenerator",
    placementGenerate(_: PodGroup, within: GroupPlacement) {
      const placement = [...within];
      cluster.remove("Node", "x1");
      return [placement];
    },
  });
  await scheduling(
    [inRack("x", "x1", "8"), inRack("x", "x2", "1"), rackwise(1), ...members("a")],
    (run) => assert.deepEqual(placed(run), ["a -> x2"]),
    { cluster, registry: { TopologyPlacementGenerator: topologyPlacementGenerator } },
  );
});

test("whatever the cluster is like, a gang stands in one rack as soon as one is large enough, else nowhere", async () => {
  const random = seededRandom(3);
  const below = (limit: number) => randomInt(random, limit);
  for (let round = 0; round < 40; round++) {
    const free = new Map<string, number>();
    const objects: KubeObject[] = [];
    for (let i = 0; i < 2 + below(6); i++) {
      const rack = `r${below(3)}`;
      const cpu = below(3);
      free.set(rack, (free.get(rack) ?? 0) + cpu);
      objects.push(inRack(rack, `${rack}-${i}`, String(cpu)));
    }
    const minCount = 1 + below(4);
    const size = minCount + below(2);
    const names = Array.from({ length: size }, (_, i) => `m${i}`);
    objects.push(rackwise(minCount), ...members(...names));
    await scheduling(objects, ({ cluster }) => {
      const racks = cluster.truth(pods).flatMap(({ spec }) => spec.nodeName?.slice(0, 2) ?? []);
      const fits = Math.max(
        0,
        ...[...free.values()].filter((each) => each >= minCount).map((each) => Math.min(each, size)),
      );
      assert.ok(new Set(racks).size <= 1, `round ${round}: ${racks}`);
      if (fits)
        assert.ok(racks.length >= minCount && racks.length <= fits, `round ${round}: ${racks.length} of ${fits}`);
      else assert.equal(racks.length, 0, `round ${round}`);
    });
  }
});
