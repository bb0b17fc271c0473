import assert from "node:assert/strict";
import { test } from "node:test";
import type {
  AllocationResult,
  Device,
  DeviceClass,
  DeviceConstraint,
  DeviceRequest,
  ExactDeviceRequest,
  ResourceClaim,
  ResourceSlice,
} from "@kubets/api/generated/types/resource-v1";
import { node } from "@kubets/api/testing/node-builder";
import { seededRandom } from "@kubets/machinery";
import { Answers } from "../../framework/answers.ts";
import { NodeStamps } from "../../framework/node-stamps.ts";
import type { NodeInfo } from "../../framework/snapshot.ts";
import { DRIVER, deviceClass, resourceClaim, resourceSlice } from "../../testing/devices.ts";
import { allocateNaively } from "../../testing/naive-allocator.ts";
import { RandomCluster } from "../../testing/random-cluster.ts";
import { AllocatedDevices } from "./allocated-devices.ts";
import { allocationOf } from "./allocation.ts";
import { Allocator, NoSolution, type Pick, type Solution } from "./allocator.ts";
import { Pools } from "./pools.ts";
import { type WantedClaim, wantedClaim } from "./requests.ts";
import { Solutions } from "./solutions.ts";

const RUNS = Number(process.env.RUNS ?? 400);
const BIG = `device.attributes["${DRIVER}"].size >= 2`;
const classes: Record<string, DeviceClass> = {
  any: deviceClass("any"),
  big: deviceClass("big", { selectors: [{ cel: { expression: BIG } }] }),
};
const here = node("n1").build();
const attribute = ({ attributes = {} }: Device, name: string) => attributes[name]?.int ?? 0;

class RandomDevices extends RandomCluster {
  slice(name: string): ResourceSlice {
    const isCut = this.chance(40);
    const places = [{ allNodes: true }, { nodeName: "n1" }, { nodeName: "n2" }, { perDeviceNodeSelection: true }];
    const place = this.pick(...places);
    const devices = Array.from({ length: 1 + this.below(3) }, (_, i) =>
      this.#device(`d${i}`, isCut, "perDeviceNodeSelection" in place),
    );
    const counters = { sharedCounters: [{ name: "set", counters: { parts: { value: String(1 + this.below(4)) } } }] };
    return resourceSlice(name, devices, { ...place, ...(isCut ? counters : {}) });
  }

  #device(name: string, isCut: boolean, isSingle: boolean): Device {
    const consumes = { counterSet: "set", counters: { parts: { value: String(1 + this.below(2)) } } };
    const isShared = this.chance(30);
    return {
      name,
      attributes: {
        size: { int: 1 + this.below(3) },
        ...(this.chance(80) ? { group: this.pick({ string: "x" }, { string: "y" }, { strings: ["x", "z"] }) } : {}),
      },
      ...(isShared || this.chance(20) ? { capacity: { memory: this.#capacity() } } : {}),
      ...(isShared ? { allowMultipleAllocations: true } : {}),
      ...(isCut && this.chance(80) ? { consumesCounters: [consumes] } : {}),
      ...(this.chance(15) ? { taints: [{ key: "broken", effect: this.pick("NoSchedule", "NoExecute", "None") }] } : {}),
      ...(isSingle ? this.pick({ nodeName: "n1" }, { nodeName: "n2" }, { allNodes: true }) : {}),
    };
  }

  #capacity() {
    const policy = this.pick({}, { default: "2" }, { default: "1", validRange: { min: "2", step: "3", max: "8" } });
    return { value: String(4 + this.below(6)), ...(Object.keys(policy).length ? { requestPolicy: policy } : {}) };
  }

  claim(name: string): ResourceClaim {
    const requests = Array.from({ length: 1 + this.below(2) }, (_, i) => this.#request(`r${i}`));
    const constraint: DeviceConstraint = {
      [this.pick("matchAttribute", "distinctAttribute")]: `${DRIVER}/${this.pick("group", "size")}`,
      ...(this.chance(50) ? { requests: ["r0"] } : {}),
    };
    return resourceClaim(name, { requests, ...(this.chance(40) ? { constraints: [constraint] } : {}) });
  }

  #request(name: string): DeviceRequest {
    if (this.chance(70)) return { name, exactly: this.#asked(true) };
    return { name, firstAvailable: ["best", "next"].map((part) => ({ name: part, ...this.#asked(false) })) };
  }

  #asked(mayLookIn: boolean): ExactDeviceRequest {
    const mode = this.chance(15)
      ? { allocationMode: "All" }
      : { allocationMode: "ExactCount", count: 1 + this.below(this.chance(20) ? 3 : 2) };
    return {
      deviceClassName: this.pick("any", "big"),
      ...mode,
      ...(this.chance(25) ? { selectors: [{ cel: { expression: `device.attributes["${DRIVER}"].size != 3` } }] } : {}),
      ...(this.chance(40) ? { tolerations: [{ key: "broken", operator: "Exists" }] } : {}),
      ...(mayLookIn && this.chance(10) ? { adminAccess: true } : {}),
      ...(this.chance(20) ? { capacity: { requests: { memory: String(1 + this.below(5)) } } } : {}),
    };
  }
}

const wants = ({ deviceClassName, selectors = [] }: ExactDeviceRequest, device: Device): boolean =>
  (deviceClassName !== "big" || attribute(device, "size") >= 2) &&
  (selectors.length === 0 || attribute(device, "size") !== 3);

const shown = (picks: readonly Pick[]) =>
  picks.map(({ wanted, device }) => `${wanted.name}=${device.slice.spec.pool.name}/${device.device.name}`);

test("devices are those that trying every way would find", () => {
  let found = 0;
  let none = 0;
  for (let seed = 1; seed <= RUNS; seed++) {
    const random = new RandomDevices(seededRandom(seed));
    const slices = Array.from({ length: 1 + random.below(3) }, (_, i) => random.slice(`p${i}`));
    const pools = new Pools();
    for (const slice of slices) pools.set(undefined, slice);
    const allocated = new AllocatedDevices();
    const before: AllocationResult[] = [];
    for (let round = 0; round < 4; round++) {
      const claims = Array.from({ length: 1 + random.below(2) }, (_, i) => random.claim(`c${round}-${i}`));
      const wanted = claims.map((claim) => wantedClaim(claim, (name) => classes[name]) as WantedClaim);
      const expected = allocateNaively(claims, { node: here, slices, before, wants });
      const solution = solve(() => new Allocator(pools, allocated, wanted).allocate(here));
      const picks = typeof solution === "string" ? undefined : solution;
      assert.deepEqual(picks?.map(shown), expected, `seed ${seed}, round ${round}`);
      if (picks) found++;
      else none++;
      for (const [i, claim] of claims.entries()) {
        if (!picks) continue;
        const allocation = allocationOf(claim, picks[i] ?? [], "n1", seededRandom(seed));
        allocated.hold(claim.metadata.uid, allocation);
        before.push(allocation);
      }
    }
  }
  assert.ok(found > RUNS / 2 && none > RUNS, `${found} found, ${none} not`);
});

/** What a search ends with that is given up finds nothing either. */
function solve(search: () => Solution): Solution {
  try {
    return search();
  } catch (error) {
    if (error instanceof NoSolution) return "taken";
    throw error;
  }
}

test("what is kept is what a new search would find", () => {
  let kept = 0;
  for (let seed = 1; seed <= RUNS / 4; seed++) {
    const random = new RandomDevices(seededRandom(seed));
    const pools = new Pools();
    const allocated = new AllocatedDevices((pool) => pools.touch(pool));
    const solutions = new Solutions(pools);
    const answers = new Answers(new NodeStamps());
    const nodes = ["n1", "n2"].map((name, slot) => ({ node: node(name).build(), slot }) as NodeInfo);
    const kinds = [0, 1, 2].map((i) => wantedClaim(random.claim(`c${i}`), (name) => classes[name]) as WantedClaim);
    const slices = new Map<string, ResourceSlice>();
    for (let step = 0; step < 30; step++) {
      const name = `p${random.below(3)}`;
      const uid = `u${random.below(4)}`;
      const wanted = [random.pick(...kinds)];
      const info = random.pick(...nodes);
      const find = solutions.finder(new Allocator(pools, allocated, wanted), wanted, answers);
      const fresh = solve(() => new Allocator(pools, allocated, wanted).allocate(info.node));
      const found = solve(() => find(info));
      assert.deepEqual(found, fresh, `seed ${seed}, step ${step}`);
      if (found === solve(() => find(info)) && typeof found !== "string") kept++;
      if (random.chance(25)) {
        const now = random.chance(80) ? random.slice(name) : undefined;
        pools.set(slices.get(name), now);
        if (now) slices.set(name, now);
        else slices.delete(name);
      }
      if (random.chance(30)) allocated.forget(uid);
      else if (typeof found !== "string" && random.chance(50))
        allocated.hold(
          uid,
          allocationOf((wanted[0] as WantedClaim).claim, found[0] ?? [], info.node.metadata.name, seededRandom(seed)),
        );
    }
  }
  assert.ok(kept > RUNS, `${kept} kept`);
});

test("a search without end is given up", () => {
  const devices = Array.from({ length: 40 }, (_, i) => ({ name: `d${i}`, attributes: { group: { int: i } } }));
  const pools = new Pools();
  pools.set(undefined, resourceSlice("p", devices));
  const request = (name: string, count: number): DeviceRequest => ({
    name,
    exactly: { deviceClassName: "any", allocationMode: "ExactCount", count },
  });
  const claim = resourceClaim("c", {
    requests: [request("free", 12), request("same", 2)],
    constraints: [{ requests: ["same"], matchAttribute: `${DRIVER}/group` }],
  });
  const wanted = [wantedClaim(claim, (name) => classes[name]) as WantedClaim];
  const allocator = new Allocator(pools, new AllocatedDevices(), wanted);
  assert.throws(() => allocator.allocate(here), {
    name: "NoSolution",
    message: "timed out trying to allocate devices",
  });
});
