import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { node } from "@kubets/api/testing/node-builder";
import { pod } from "@kubets/api/testing/pod-builder";
import { type Listener, listen } from "@kubets/wire/http";
import { parseConfig } from "../config/config-file.ts";
import { plugins } from "../plugins/index.ts";
import { runScheduler } from "../testing/run.ts";

interface Asked {
  readonly Pod: { readonly metadata: { readonly name: string } };
  readonly NodeNames: readonly string[];
  readonly PodName?: string;
  readonly NodeNameToMetaVictims?: Readonly<Record<string, { readonly Pods: readonly { readonly UID: string }[] }>>;
}

/** A program that refuses nodes whose names begin with "no", likes "best", and notes what it is asked. */
let server: Listener;
const asked: string[] = [];
let answer: { status: number } = { status: 200 };
before(async () => {
  server = await listen({
    port: 0,
    host: "127.0.0.1",
    handler: (exchange) =>
      void exchange.readBody(1 << 20).then((body) => {
        const given = JSON.parse(Buffer.from(body).toString()) as Asked;
        asked.push(`${exchange.url} ${given.PodName ?? given.Pod.metadata.name}`);
        const answers: Record<string, () => unknown> = {
          "/x/filter": () => ({
            NodeNames: given.NodeNames.filter((name) => !name.startsWith("no")),
            failedNodes: Object.fromEntries(
              given.NodeNames.filter((name) => name.startsWith("no")).map((name) => [name, "node(s) displease"]),
            ),
          }),
          "/x/prioritize": () => given.NodeNames.map((host) => ({ Host: host, Score: host === "best" ? 10 : 0 })),
          "/x/bind": () => ({}),
          "/x/preempt": () => ({
            NodeNameToMetaVictims: Object.fromEntries(
              Object.entries(given.NodeNameToMetaVictims ?? {}).filter(([name]) => name === "good"),
            ),
          }),
        };
        exchange.respond(answer.status, [], Buffer.from(JSON.stringify(answers[exchange.url]?.())));
      }),
  });
});
after(() => server.close());

const configOf = (more: string) =>
  parseConfig(
    `
apiVersion: kubescheduler.config.k8s.io/v1
kind: KubeSchedulerConfiguration
extenders:
  - urlPrefix: http://127.0.0.1:${server.port}/x
    filterVerb: filter
    prioritizeVerb: prioritize
    weight: 5
    nodeCacheCapable: true
${more}`,
    "file",
    Object.keys(plugins),
  ).config;

async function running(more: string, body: (run: Awaited<ReturnType<typeof runScheduler>>) => Promise<void>) {
  asked.length = 0;
  answer = { status: 200 };
  const run = await runScheduler({ config: configOf(more) });
  try {
    await body(run);
  } finally {
    run.stop();
  }
}

/** An answer of the program takes turns of the loop that the scheduler does not see. */
async function until(run: Awaited<ReturnType<typeof runScheduler>>, holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve));
  await run.settle();
}

test("an extender refuses nodes and adds to scores", () =>
  running("", async (run) => {
    const { cluster } = run;
    cluster.put(node("no-1").build(), node("good").build(), node("best").build());
    cluster.put(pod("a").build(), pod("b").build());
    await until(run, () => cluster.events.length === 2);
    assert.deepEqual(cluster.placements(), ["a -> best", "b -> best"]);
    assert.deepEqual(asked, ["/x/filter a", "/x/prioritize a", "/x/filter b", "/x/prioritize b"]);
  }));

test("where no node is left its reasons stand in the event", () =>
  running("", async (run) => {
    const { cluster } = run;
    cluster.put(node("no-1").build(), node("no-2").build(), pod("a").build());
    await until(run, () => cluster.events.length === 1);
    assert.match(cluster.events[0] ?? "", /FailedScheduling: 0\/2 nodes are available: 2 node\(s\) displease\./);
  }));

test("it is asked about pods with its resources only, which the scheduler itself leaves alone, and may bind them", () =>
  running("    bindVerb: bind\n    managedResources: [{ name: x.io/gpu, ignoredByScheduler: true }]\n", async (run) => {
    const { cluster } = run;
    cluster.put(node("good").build(), pod("plain").build(), pod("a").requests({ "x.io/gpu": "1" }).build());
    await until(run, () => cluster.events.length === 2);
    assert.deepEqual(asked, ["/x/filter a", "/x/bind a"]);
    assert.deepEqual(cluster.placements(), ["a -> ?", "plain -> good"]);
  }));

test("one that fails stops the pod, unless it may be ignored", async () => {
  for (const ignorable of [false, true])
    await running(`    ignorable: ${ignorable}\n`, async (run) => {
      answer = { status: 503 };
      run.cluster.put(node("good").build(), pod("a").build());
      await until(run, () => run.cluster.events.length === 1);
      assert.deepEqual(run.cluster.placements(), [ignorable ? "a -> good" : "a -> ?"]);
      if (!ignorable)
        assert.match(run.cluster.events[0] ?? "", /failed filter with extender at URL .*\/x\/filter, code 503/);
    });
});

test("an extender has a say in which node pods have to leave", () =>
  running("    preemptVerb: preempt\n", async (run) => {
    const { cluster } = run;
    for (const name of ["good", "other"]) {
      cluster.put(node(name).capacity({ cpu: "1", pods: "9" }).build());
      cluster.put(
        pod(`on-${name}`)
          .on(name)
          .requests({ cpu: "1" })
          .priority(name === "good" ? 5 : 1)
          .build(),
      );
    }
    cluster.put(pod("a").requests({ cpu: "1" }).priority(10).build());
    await until(run, () => cluster.pod("a").spec.nodeName !== undefined);
    assert.deepEqual(cluster.placements(), ["a -> good", "on-other -> other"]);
    assert.deepEqual(asked[0], "/x/preempt a");
  }));

test("what is wrong with an extender is told", () => {
  assert.throws(
    () => configOf("  - { urlPrefix: nowhere, prioritizeVerb: p }\n"),
    /urlPrefix: must be a URL.*weight: must have/,
  );
});
