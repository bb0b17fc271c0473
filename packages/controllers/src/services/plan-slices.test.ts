import assert from "node:assert/strict";
import { test } from "node:test";
import type { Endpoint, EndpointSlice } from "@kubets/api/generated/types/discovery-v1";
import { seededRandom } from "@kubets/machinery";
import { randomInt } from "@kubets/machinery/random";
import { inOneGo } from "@kubets/machinery/short-stretches";
import { endpointKey, planSlices as planInPieces, type SlicePlan, type Wanted } from "./plan-slices.ts";

const endpoint = (id: number, ready = true): Endpoint => ({
  addresses: [`10.0.${id >> 8}.${id & 255}`],
  conditions: { ready },
  targetRef: { uid: `p${id}` },
});
const ports = [{ name: "", port: 80, protocol: "TCP" }];
const wanted = (endpoints: readonly Endpoint[]): Wanted[] => [{ family: "IPv4", ports, endpoints }];
const planSlices = (...what: Parameters<typeof planInPieces>) => inOneGo(planInPieces(...what));
let serial = 0;
const slice = (endpoints: readonly Endpoint[]) =>
  ({ metadata: { uid: `s${serial++}` }, addressType: "IPv4", ports, endpoints }) as unknown as EndpointSlice;

function apply(slices: readonly EndpointSlice[], plan: SlicePlan): EndpointSlice[] {
  const kept = slices
    .filter((each) => !plan.remove.includes(each))
    .map((each) => {
      const update = plan.update.find(({ slice: changed }) => changed === each);
      return update ? { ...each, endpoints: update.endpoints } : each;
    });
  return [...kept, ...plan.create.map(({ endpoints }) => slice(endpoints))];
}

const writes = ({ create, update, remove }: SlicePlan) => [create.length, update.length, remove.length];
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => endpoint(from + i));

test("few writes", () => {
  assert.deepEqual(writes(planSlices(wanted(range(0, 250)), [], 100)), [3, 0, 0]);
  const [a, b] = [slice(range(0, 100)), slice(range(100, 150))];
  assert.deepEqual(writes(planSlices(wanted(range(0, 150)), [a, b], 100)), [0, 0, 0]);
  assert.deepEqual(writes(planSlices(wanted(range(0, 151)), [a, b], 100)), [0, 1, 0]);
  assert.deepEqual(writes(planSlices(wanted([...range(0, 149), endpoint(149, false)]), [a, b], 100)), [0, 1, 0]);
  assert.deepEqual(writes(planSlices(wanted(range(0, 100)), [a, b], 100)), [0, 0, 1]);
  // One goes, one comes: the new one takes the place in the slice that is written anyway.
  assert.deepEqual(writes(planSlices(wanted(range(1, 151)), [a, b], 100)), [0, 1, 0]);
});

test("a service without endpoints keeps one slice", () => {
  assert.deepEqual(writes(planSlices(wanted([]), [], 100)), [1, 0, 0]);
  assert.deepEqual(writes(planSlices(wanted([]), [slice(range(0, 3)), slice([])], 100)), [0, 1, 1]);
  assert.deepEqual(writes(planSlices(wanted([]), [slice([])], 100)), [0, 0, 0]);
});

test("a slice of other ports that would go is made into the new one", () => {
  const old = slice([]);
  const none = { ...old, ports: [] } as unknown as EndpointSlice;
  const plan = planSlices(wanted(range(0, 2)), [none], 100);
  assert.deepEqual(writes(plan), [0, 1, 0]);
  assert.deepEqual([plan.update[0]?.slice, plan.update[0]?.ports], [none, ports]);
  const other = { ...old, addressType: "IPv6", ports: [] } as unknown as EndpointSlice;
  assert.deepEqual(writes(planSlices(wanted(range(0, 2)), [other], 100)), [1, 0, 1]);
});

test("under random churn the slices hold exactly what is wanted, no endpoint twice, and a second plan writes nothing", () => {
  const random = seededRandom(11);
  let slices: EndpointSlice[] = [];
  let alive = new Map<number, Endpoint>();
  for (let round = 0; round < 400; round++) {
    for (let i = randomInt(random, 12); i > 0; i--) {
      const id = randomInt(random, 60);
      if (random.float() < 0.5) alive.delete(id);
      else alive.set(id, endpoint(id, random.float() < 0.7));
    }
    if (random.float() < 0.02) alive = new Map();
    const asked = wanted([...alive.values()]);
    slices = apply(slices, planSlices(asked, slices, 7));
    const held = slices
      .flatMap(({ endpoints }) => endpoints.map((each) => JSON.stringify([endpointKey(each), each.conditions])))
      .toSorted();
    assert.deepEqual(
      held,
      [...alive.values()].map((each) => JSON.stringify([endpointKey(each), each.conditions])).toSorted(),
    );
    assert.ok(slices.every(({ endpoints }) => endpoints.length <= 7) && slices.length >= 1);
    assert.deepEqual(writes(planSlices(asked, slices, 7)), [0, 0, 0]);
  }
});

test("many endpoints are planned in pieces, few in one", () => {
  const pieces = (count: number) => [...planInPieces(wanted(range(0, count)), [slice(range(0, 100))], 100)].length;
  assert.equal(pieces(200), 0);
  assert.ok(pieces(10_000) >= 40);
});
