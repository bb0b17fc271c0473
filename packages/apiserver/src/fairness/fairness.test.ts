import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { configmaps, flowschemas, prioritylevelconfigurations } from "@kubets/api/generated/refs";
import { type StatusError, seededRandom } from "@kubets/machinery";
import { startTestServer } from "../testing/server.ts";
import { currentLimits, seatLimits } from "./concurrency.ts";
import { FairQueues, type Ticket } from "./fair-queues.ts";
import { InFlightLimit } from "./in-flight-limit.ts";
import { SeatDemand } from "./seat-demand.ts";
import { dealHand } from "./shuffle-shard.ts";
import { keepFairnessObjects } from "./upkeep.ts";

const ticket = (flow: string, width = 1): Ticket => ({
  width,
  flow,
  state: "waiting",
  arrived: 0,
  started: 0,
  queue: undefined,
});

describe("shuffle sharding", () => {
  it("deals different queues, the same for the same flow", () => {
    for (let i = 0; i < 500; i++) {
      const hand = dealHand(`flow ${i}`, 64, 6);
      assert.deepEqual(hand, dealHand(`flow ${i}`, 64, 6));
      assert.equal(new Set(hand).size, 6);
      assert.ok(hand.every((card) => card >= 0 && card < 64));
    }
  });

  it("uses all queues alike, and gives two flows the same hand hardly ever", () => {
    const uses = Array.from({ length: 64 }, () => 0);
    const hands = new Set<string>();
    for (let i = 0; i < 4000; i++) {
      const hand = dealHand(`user-${i}`, 64, 6);
      for (const card of hand) uses[card] = (uses[card] as number) + 1;
      hands.add(hand.toSorted((a, b) => a - b).join());
    }
    const mean = (4000 * 6) / 64;
    assert.ok(
      Math.min(...uses) > mean * 0.7 && Math.max(...uses) < mean * 1.3,
      `${Math.min(...uses)} ${Math.max(...uses)}`,
    );
    assert.ok(hands.size > 3990);
  });

  it("deals all queues when the hand is as large as the deck", () => {
    assert.deepEqual(
      dealHand("x", 4, 8).toSorted((a, b) => a - b),
      [0, 1, 2, 3],
    );
  });
});

describe("shares", () => {
  const level = (shares: number, lendablePercent: number, borrowingLimitPercent?: number) => ({
    nominalConcurrencyShares: shares,
    lendablePercent,
    borrowingLimitPercent,
  });

  it("go by the original's arithmetic", () => {
    const limits = seatLimits([level(5, 0), level(20, 50), level(100, 90, 10)], 600);
    assert.deepEqual(limits, [
      { nominal: 24, min: 24, max: 624 },
      { nominal: 96, min: 48, max: 696 },
      { nominal: 480, min: 48, max: 528 },
    ]);
  });

  it("are lent by who is quiet to who is busy, and taken back", () => {
    const limits = seatLimits([level(50, 50), level(50, 50)], 100);
    const idle = { highest: 0, smooth: 0 };
    const lent = { seats: [25, 75], fraction: 0.375 };
    assert.deepEqual(currentLimits(limits, [idle, { highest: 200, smooth: 200 }], 100), lent);
    const busy = { highest: 200, smooth: 200 };
    assert.deepEqual(currentLimits(limits, [busy, busy], 100).seats, [50, 50]);
  });

  it("never exceed the server, nor leave a level below its minimum or above its maximum, whatever is wanted", () => {
    const random = seededRandom(3);
    for (let round = 0; round < 300; round++) {
      const count = 2 + Math.floor(random.float() * 8);
      const shares = Array.from({ length: count }, () =>
        level(
          1 + Math.floor(random.float() * 100),
          Math.floor(random.float() * 101),
          random.float() < 0.5 ? Math.floor(random.float() * 200) : undefined,
        ),
      );
      const limits = seatLimits(shares, 600);
      const demands = shares.map(() => {
        const highest = Math.floor(random.float() * 800);
        return { highest, smooth: random.float() * highest };
      });
      const { seats } = currentLimits(limits, demands, 600);
      const nominal = limits.reduce((sum, each) => sum + each.nominal, 0);
      const total = seats.reduce((sum, each) => sum + each, 0);
      assert.ok(total <= Math.max(600, nominal) + count, `${total} seats`);
      for (const [i, each] of seats.entries()) {
        const { min, max } = limits[i] as { min: number; max: number };
        assert.ok(each >= min && each <= max, `${min} <= ${each} <= ${max}`);
      }
    }
  });

  it("follow a demand at once upwards and slowly downwards", () => {
    const demand = new SeatDemand(0);
    demand.add(10, 0);
    assert.deepEqual(demand.harvest(10_000), { highest: 10, smooth: 10, mean: 10, deviation: 0 });
    demand.add(-10, 10_000);
    const after = demand.harvest(20_000);
    assert.equal(after.highest, 10);
    assert.ok(after.smooth > 9.7 && after.smooth < 10);
  });
});

describe("fair queues", () => {
  const shape = { queues: 8, handSize: 1, queueLengthLimit: 100 };

  it("let requests run up to the limit, then wait, then turn away", () => {
    const queues = new FairQueues();
    queues.configure(2, { ...shape, queueLengthLimit: 1 });
    const outcomes = [1, 2, 3, 4].map(() => queues.arrive(ticket("a"), [0], 0));
    assert.deepEqual(outcomes, ["running", "running", "waiting", "rejected"]);
    assert.deepEqual([queues.running, queues.waiting, queues.inUse], [2, 1, 2]);
  });

  it("turn away at once where nothing may wait", () => {
    const queues = new FairQueues();
    queues.configure(1, undefined);
    assert.equal(queues.arrive(ticket("a"), [0], 0), "running");
    assert.equal(queues.arrive(ticket("a"), [0], 0), "rejected");
  });

  it("let one run that is wider than the limit, alone", () => {
    const queues = new FairQueues();
    queues.configure(3, shape);
    const wide = ticket("w", 10);
    assert.equal(queues.arrive(wide, [0], 0), "running");
    assert.equal(queues.arrive(ticket("a"), [1], 0), "waiting");
    assert.equal(queues.next(1), undefined);
    queues.finish(wide, 5);
    assert.equal(queues.next(5)?.flow, "a");
  });

  it("forget who gave up", () => {
    const queues = new FairQueues();
    queues.configure(1, shape);
    const [first, second, third] = [ticket("a"), ticket("b"), ticket("c")];
    for (const [i, each] of [first, second, third].entries()) queues.arrive(each, [i], 0);
    queues.giveUp(second);
    queues.finish(first, 3);
    assert.equal(queues.next(3), third);
    assert.equal(queues.waiting, 0);
  });

  /** Runs a crowd on a virtual clock: flows with so many requests each, that take so long; tells how much each got in a while. */
  function served(
    flows: readonly { backlog: number; takesMs: number; width?: number }[],
    seats: number,
    whileMs: number,
  ) {
    const queues = new FairQueues();
    queues.configure(seats, { ...shape, queueLengthLimit: 10_000 });
    const got = flows.map(() => 0);
    const ends: { at: number; ticket: Ticket; flow: number }[] = [];
    let now = 0;
    const started = (each: Ticket) => {
      const flow = Number(each.flow);
      ends.push({ at: now + (flows[flow] as { takesMs: number }).takesMs, ticket: each, flow });
    };
    for (const [i, { backlog, width = 1 }] of flows.entries())
      for (let k = 0; k < backlog; k++) {
        const each = ticket(String(i), width);
        if (queues.arrive(each, [i], 0) === "running") started(each);
      }
    while (ends.length) {
      ends.sort((a, b) => a.at - b.at);
      const end = ends.shift() as (typeof ends)[0];
      if (end.at > whileMs) break;
      now = end.at;
      queues.finish(end.ticket, now);
      got[end.flow] = (got[end.flow] as number) + (flows[end.flow] as { takesMs: number }).takesMs * end.ticket.width;
      for (let next = queues.next(now); next; next = queues.next(now)) started(next);
    }
    return got;
  }

  it("give each flow the same time of seats, however many requests it has", () => {
    const [flood = 0, modest = 0] = served(
      [
        { backlog: 9000, takesMs: 2 },
        { backlog: 600, takesMs: 2 },
      ],
      4,
      500,
    );
    assert.ok(Math.abs(flood - modest) < 0.05 * modest, `${flood} ${modest}`);
  });

  it("give each flow the same time of seats, however long its requests take", () => {
    const [slow = 0, quick = 0] = served(
      [
        { backlog: 2000, takesMs: 50 },
        { backlog: 9000, takesMs: 1 },
      ],
      2,
      4000,
    );
    assert.ok(Math.abs(slow - quick) < 0.1 * quick, `${slow} ${quick}`);
  });

  it("give each flow the same time of seats, however wide its requests are", () => {
    const [wide = 0, narrow = 0] = served(
      [
        { backlog: 2000, takesMs: 5, width: 4 },
        { backlog: 9000, takesMs: 5 },
      ],
      8,
      2000,
    );
    assert.ok(Math.abs(wide - narrow) < 0.1 * narrow, `${wide} ${narrow}`);
  });

  it("serve a newcomer next, before a flood that came earlier", () => {
    const queues = new FairQueues();
    queues.configure(1, shape);
    const running = ticket("flood");
    queues.arrive(running, [0], 0);
    for (let i = 0; i < 50; i++) queues.arrive(ticket("flood"), [0], 0);
    const newcomer = ticket("newcomer");
    queues.arrive(newcomer, [1], 10);
    queues.finish(running, 12);
    assert.equal(queues.next(12), newcomer);
  });

  it("use no seat twice and lose no request, whatever comes in whatever order", () => {
    const random = seededRandom(11);
    const queues = new FairQueues();
    queues.configure(7, { queues: 5, handSize: 2, queueLengthLimit: 6 });
    const [running, waiting] = [new Set<Ticket>(), new Set<Ticket>()];
    let now = 0;
    const startMore = () => {
      for (let next = queues.next(now); next; next = queues.next(now)) {
        assert.ok(waiting.delete(next));
        running.add(next);
      }
    };
    for (let step = 0; step < 5000; step++) {
      now += random.float() * 3;
      const chance = random.float();
      if (chance < 0.55) {
        const each = ticket("f", 1 + Math.floor(random.float() * 3));
        const outcome = queues.arrive(each, dealHand(String(Math.floor(random.float() * 9)), 5, 2), now);
        if (outcome === "running") running.add(each);
        else if (outcome === "waiting") waiting.add(each);
        startMore();
      } else if (chance < 0.95 && running.size) {
        const [each] = running;
        running.delete(each as Ticket);
        queues.finish(each as Ticket, now);
        startMore();
      } else if (waiting.size) {
        const [each] = waiting;
        waiting.delete(each as Ticket);
        queues.giveUp(each as Ticket);
        startMore();
      }
      const inUse = [...running].reduce((sum, { width }) => sum + width, 0);
      assert.equal(queues.inUse, inUse);
      assert.ok(inUse <= 7);
      assert.equal(queues.waiting, waiting.size);
      // Nothing waits while its turn would fit.
      if (waiting.size) assert.ok(inUse > 4);
    }
  });
});

describe("the plain limit", () => {
  it("counts reads and writes apart, and lets administrators through", () => {
    const limit = new InFlightLimit({ reads: 1, writes: 1 });
    const info = (verb: string) => ({ verb }) as never;
    const [user, master] = [
      { name: "u", groups: [] },
      { name: "m", groups: ["system:masters"] },
    ];
    const leave = limit.enter(info("get"), user);
    assert.ok(leave);
    assert.equal(limit.enter(info("list"), user), undefined);
    assert.ok(limit.enter(info("create"), user));
    assert.ok(limit.enter(info("list"), master)?.() === undefined);
    leave();
    leave();
    assert.ok(limit.enter(info("list"), user));
    assert.equal(limit.enter(info("get"), user), undefined);
  });
});

describe("priority and fairness in a server", () => {
  it("sorts requests by the first schema that matches", async () => {
    const cluster = await startTestServer();
    try {
      const { fairness } = cluster.server.context;
      const sorted = (name: string, groups: string[], asked: object) => {
        const info = {
          verb: "get",
          path: "/x",
          isResource: true,
          group: "",
          version: "v1",
          namespace: "",
          resource: "pods",
          subresource: "",
          name: "a",
          query: new URLSearchParams(),
          rest: "",
          ...asked,
        };
        const place = fairness?.enter(
          info,
          { name, groups: [...groups, "system:authenticated"] },
          { start() {}, refuse() {} },
        );
        if (place) place.level.leave(place.ticket);
        return place?.schema.name;
      };
      assert.equal(sorted("a", ["system:masters"], {}), "exempt");
      assert.equal(sorted("a", [], { isResource: false, path: "/healthz" }), "probes");
      assert.equal(
        sorted("system:kube-scheduler", [], {
          verb: "update",
          group: "coordination.k8s.io",
          resource: "leases",
          namespace: "kube-system",
        }),
        "system-leader-election",
      );
      assert.equal(sorted("system:kube-scheduler", [], {}), "kube-scheduler");
      assert.equal(
        sorted("system:node:n", ["system:nodes"], { verb: "patch", resource: "nodes", subresource: "status" }),
        "system-node-high",
      );
      assert.equal(sorted("system:node:n", ["system:nodes"], {}), "system-nodes");
      assert.equal(
        sorted("system:serviceaccount:kube-system:x", ["system:serviceaccounts"], {}),
        "kube-system-service-accounts",
      );
      assert.equal(sorted("system:serviceaccount:default:x", ["system:serviceaccounts"], {}), "service-accounts");
      assert.equal(sorted("jane", [], {}), "global-default");
    } finally {
      await cluster.close();
    }
  });

  it("keeps its objects: mandatory ones come back, marked ones follow the defaults, schemas say whether their level exists", async () => {
    const cluster = await startTestServer();
    const stop = keepFairnessObjects({ ...cluster.server.context, client: cluster.admin });
    const settle = async () => {
      for (let i = 0; i < 30; i++) {
        await cluster.clock.advance(1000);
        await new Promise(setImmediate);
      }
    };
    try {
      const { admin } = cluster;
      await settle();
      const condition = async (name: string) => (await admin.get(flowschemas, { name })).status.conditions?.[0];
      assert.deepEqual(
        { ...(await condition("catch-all")), lastTransitionTime: "" },
        {
          type: "Dangling",
          status: "False",
          lastTransitionTime: "",
          reason: "Found",
          message: 'This FlowSchema references the PriorityLevelConfiguration object named "catch-all" and it exists',
        },
      );
      await admin.delete(flowschemas, { name: "exempt" });
      await admin.patch(
        prioritylevelconfigurations,
        { name: "workload-low" },
        { type: "merge", body: { spec: { limited: { nominalConcurrencyShares: 7 } } } },
      );
      await admin.patch(
        prioritylevelconfigurations,
        { name: "workload-high" },
        {
          type: "merge",
          body: {
            metadata: { annotations: { "apf.kubernetes.io/autoupdate-spec": "false" } },
            spec: { limited: { nominalConcurrencyShares: 7 } },
          },
        },
      );
      await admin.create(flowschemas, {
        metadata: { name: "mine" },
        spec: { priorityLevelConfiguration: { name: "nowhere" }, matchingPrecedence: 50, rules: [] },
      });
      await settle();
      assert.equal((await admin.get(flowschemas, { name: "exempt" })).spec.matchingPrecedence, 1);
      assert.equal(
        (await admin.get(prioritylevelconfigurations, { name: "workload-low" })).spec.limited?.nominalConcurrencyShares,
        100,
      );
      assert.equal(
        (await admin.get(prioritylevelconfigurations, { name: "workload-high" })).spec.limited
          ?.nominalConcurrencyShares,
        7,
      );
      assert.equal((await condition("mine"))?.reason, "NotFound");
    } finally {
      stop();
      await cluster.close();
    }
  });

  const limits = { reads: 0, writes: 1, longestWaitMs: 1000 };
  const make = (name: string) => ({ metadata: { name, namespace: "default" } });

  it("tells the seats of its levels to who scrapes", async () => {
    const cluster = await startTestServer();
    try {
      await cluster.user("jane").list(configmaps);
      const text = [...cluster.server.context.metrics.registry.expose()].join("");
      assert.match(text, /apiserver_flowcontrol_nominal_limit_seats\{priority_level="workload-low"\} 245\n/);
      assert.match(text, /apiserver_flowcontrol_current_limit_seats\{priority_level="global-default"\} 49\n/);
    } finally {
      await cluster.close();
    }
  });

  it("tells of who waited, ran and was turned away, by level and schema", async () => {
    const cluster = await startTestServer({ concurrency: { ...limits, fair: true } });
    try {
      const jane = cluster.user("jane");
      const { registry } = cluster.server.context.metrics;
      const value = (name: string, more = "") => {
        const line = `apiserver_flowcontrol_${name}{priority_level="global-default",flow_schema="global-default"${more}} `;
        const text = [...registry.expose()].join("");
        const at = text.indexOf(line);
        return at < 0 ? undefined : Number.parseFloat(text.slice(at + line.length));
      };
      const all = Promise.all(["a", "b", "c"].map((name) => jane.create(configmaps, make(name))));
      assert.deepEqual(
        [value("current_executing_requests"), value("current_executing_seats"), value("current_inqueue_requests")],
        [1, 1, 2],
      );
      await all;
      const level = cluster.server.context.fairness?.levels.get("global-default");
      const held = level?.enter("somebody", 1, { start() {}, refuse() {} });
      const late = assert.rejects(jane.create(configmaps, make("d")), { code: 429 });
      await cluster.clock.advance(1000);
      await late;
      if (held) level?.leave(held);
      assert.deepEqual(
        [value("current_executing_requests"), value("current_executing_seats"), value("current_inqueue_requests")],
        [0, 0, 0],
      );
      assert.equal(value("dispatched_requests_total"), 3);
      assert.equal(value("rejected_requests_total", ',reason="time-out"'), 1);
      assert.equal(value("request_wait_duration_seconds_count", ',execute="true"'), 3);
      assert.equal(value("request_wait_duration_seconds_count", ',execute="false"'), 1);
      assert.equal(value("request_execution_seconds_count", ',type="regular"'), 3);
    } finally {
      await cluster.close();
    }
  });

  it("turns away what is over a plain limit", async () => {
    const cluster = await startTestServer({ concurrency: { ...limits, fair: false } });
    try {
      const jane = cluster.user("jane");
      const both = await Promise.allSettled([jane.create(configmaps, make("a")), jane.create(configmaps, make("b"))]);
      assert.deepEqual(
        both.map(({ status }) => status),
        ["fulfilled", "rejected"],
      );
      assert.equal(((both[1] as PromiseRejectedResult).reason as StatusError).code, 429);
    } finally {
      await cluster.close();
    }
  });

  it("lets what is over a level's seats wait, and turns away whom nobody serves in time", async () => {
    const cluster = await startTestServer({ concurrency: { ...limits, fair: true } });
    try {
      const jane = cluster.user("jane");
      const level = cluster.server.context.fairness?.levels.get("global-default");
      const names = ["a", "b", "c"];
      const all = Promise.all(names.map((name) => jane.create(configmaps, make(name))));
      assert.equal(level?.queues.running, 1);
      assert.equal(level?.queues.waiting, 2);
      assert.equal((await all).length, 3);
      assert.equal(level?.queues.inUse, 0);

      const held = level?.enter("somebody", 1, { start() {}, refuse() {} });
      const late = assert.rejects(jane.create(configmaps, make("d")), { code: 429 });
      await cluster.clock.advance(1000);
      await late;
      if (held) level?.leave(held);
      await jane.create(configmaps, make("e"));
    } finally {
      await cluster.close();
    }
  });
});
