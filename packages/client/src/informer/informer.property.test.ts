/** Whatever happens to the collection and to the watches: in the end the view, and what handlers were told, is the truth. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { pods } from "@kubets/api/generated/refs";
import type { Pod } from "@kubets/api/generated/types/core-v1";
import { seededRandom, silentLogger, VirtualClock } from "@kubets/machinery";
import * as fc from "fast-check";
import { type InformerHandler, keyOf } from "../informer.ts";
import { MemoryApi, type MemoryApiOptions } from "../testing/memory-api.ts";
import { createClient } from "../typed-client.ts";
import { SharedInformers } from "./shared-informers.ts";

type Step =
  | { readonly do: "create" | "update" | "delete"; readonly name: number; readonly owner: number }
  | { readonly do: "break" | "end" | "silence" | "compact" | "bookmark" | "fail" | "subscribe" }
  | { readonly do: "advance"; readonly ms: number };

const name = fc.nat(5);
const owner = fc.nat(2);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ do: fc.constantFrom("create", "update", "delete" as const), name, owner }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constantFrom("break", "end", "silence", "compact", "bookmark", "fail", "subscribe" as const),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant("advance" as const), ms: fc.constantFrom(0, 1, 500, 5000, 70_000) }),
  },
) as fc.Arbitrary<Step>;

const form: fc.Arbitrary<MemoryApiOptions> = fc.record({
  inProcess: fc.boolean(),
  streamsLists: fc.boolean(),
  expiresInStream: fc.boolean(),
});

/** Replays what it is told and finds fault with what cannot be. */
class Replay implements InformerHandler<Pod> {
  readonly objects = new Map<string, Pod>();
  readonly #get: (key: string) => Pod | undefined;

  constructor(get: (key: string) => Pod | undefined) {
    this.#get = get;
  }

  added(pod: Pod) {
    const key = keyOf(pod);
    assert.ok(!this.objects.has(key), `${key} added twice`);
    this.objects.set(key, pod);
  }

  changed(pod: Pod, old: Pod) {
    const key = keyOf(pod);
    assert.equal(this.objects.get(key), old);
    assert.equal(this.#get(key), pod);
    assert.equal(old.metadata.uid, pod.metadata.uid);
    assert.notEqual(old.metadata.resourceVersion, pod.metadata.resourceVersion);
    this.objects.set(key, pod);
  }

  deleted(pod: Pod) {
    const key = keyOf(pod);
    assert.equal(this.objects.get(key)?.metadata.uid, pod.metadata.uid);
    assert.equal(this.#get(key), undefined);
    this.objects.delete(key);
  }
}

async function run(options: MemoryApiOptions, steps: readonly Step[], seed: number): Promise<void> {
  const clock = new VirtualClock();
  const api = new MemoryApi(options);
  const client = createClient(api);
  const stopping = new AbortController();
  const failures: unknown[] = [];
  const log = { ...silentLogger, error: (...said: unknown[]) => void failures.push(said), with: () => log };
  const cache = new SharedInformers({ client, clock, random: seededRandom(seed), log, signal: stopping.signal });
  const informer = cache.informer(pods);
  const replays: Replay[] = [];
  const subscribe = () => {
    const replay = new Replay((key) => informer.get(key));
    replays.push(replay);
    informer.subscribe(replay);
  };
  const write = {
    create: (object: object) => client.create(pods, object),
    update: (object: object) => client.update(pods, object),
    delete: (_: object, key: { namespace: string; name: string }) => client.delete(pods, key),
  };
  const faults = {
    break: () => api.endWatches(new Error("connection reset")),
    end: () => api.endWatches(),
    silence: () => api.silenceWatches(),
    compact: () => api.compact(),
    bookmark: () => api.bookmark(),
    fail: () => api.failNext(new Error("connection refused")),
    subscribe,
  };
  const carryOut = async (step: Step) => {
    if (step.do === "advance") return clock.advance(step.ms);
    if (!("name" in step)) return faults[step.do]();
    const key = { namespace: `ns${step.name % 2}`, name: `p${step.name}` };
    const uid = `owner-${step.owner}`;
    const ownerReferences = [{ apiVersion: "apps/v1", kind: "ReplicaSet", name: "rs", uid, controller: true }];
    // What cannot be (a create of what is there, a request that fails on demand) just fails.
    await write[step.do]({ metadata: { ...key, ownerReferences } }, key).catch(() => undefined);
  };

  try {
    subscribe();
    for (const step of steps) await carryOut(step);
    await clock.advance(600_000);

    const truth = byKey((await client.list(pods)).items);
    assert.deepEqual(failures, []);
    assert.equal(informer.hasSynced, true);
    assert.deepEqual(byKey(informer.list()), truth);
    for (const replay of replays) assert.deepEqual(byKey([...replay.objects.values()]), truth);
    for (const namespace of ["ns0", "ns1"])
      assert.deepEqual(
        byKey(informer.list(namespace)),
        truth.filter(({ metadata }) => metadata.namespace === namespace),
      );
    for (const uid of ["owner-0", "owner-1", "owner-2"])
      assert.deepEqual(
        byKey(cache.owned(pods, { kind: "", apiVersion: "", metadata: { ...NO_META, uid } })),
        truth.filter(({ metadata }) => metadata.ownerReferences?.[0]?.uid === uid),
      );
  } finally {
    stopping.abort();
  }
}

const NO_META = { name: "", uid: "", resourceVersion: "", creationTimestamp: "" };
const byKey = (objects: readonly Pod[]): Pod[] => [...objects].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));

describe("informer", () => {
  it("ends with the truth, whatever happens", async () => {
    await fc.assert(
      fc.asyncProperty(form, fc.array(step, { maxLength: 40 }), fc.nat(), (options, steps, seed) =>
        run(options, steps, seed),
      ),
      { numRuns: 200 },
    );
  });
});
