import assert from "node:assert/strict";
import { test } from "node:test";
import { fieldErrorText } from "@kubets/machinery";
import type { Device, ResourceSlice } from "../generated/types/resource-v1.ts";
import type { Draft } from "../meta.ts";
import { writeContext } from "../testing/write-context.ts";
import { resourceSliceResource } from "./resource-slice.ts";

const slice = (...devices: Device[]): Draft<ResourceSlice> => ({
  apiVersion: "resource.k8s.io/v1",
  kind: "ResourceSlice",
  metadata: { name: "s", uid: "", resourceVersion: "", creationTimestamp: "" },
  spec: {
    driver: "a.example.com",
    nodeName: "n",
    pool: { name: "p", generation: 1, resourceSliceCount: 1 },
    devices: structuredClone(devices) as Draft<Device>[],
  },
});

function stored(devices: Device[], old: Device[] | undefined, ...features: string[]): readonly Device[] | undefined {
  const draft = slice(...devices);
  if (old) resourceSliceResource.prepareForUpdate?.(draft, slice(...old), writeContext(...features));
  else resourceSliceResource.prepareForCreate?.(draft, writeContext(...features));
  return draft.spec.devices;
}

const told = (...devices: Device[]): string[] =>
  (resourceSliceResource.validate?.(slice(...devices), writeContext()) ?? []).map(fieldErrorText);

test("attributes that are lists count where that is on, or where they were", () => {
  const device = (...strings: string[]): Device => ({ name: "d", attributes: { list: { strings }, one: { int: 1 } } });
  const list = [device("x")];
  assert.deepEqual(stored(list, undefined, "DRAListTypeAttributes"), list);
  assert.deepEqual(stored(list, undefined), [{ name: "d", attributes: { one: { int: 1 } } }]);
  assert.deepEqual(stored(list, [{ name: "d" }]), [{ name: "d", attributes: { one: { int: 1 } } }]);
  assert.deepEqual(stored(list, [device("y")]), list);
});

test("what devices are made of counts where that is on, or was told before", () => {
  const made = [{ name: "d", nodeAllocatableResourceMappings: { cpu: { allocationMultiplier: "2" } } }];
  assert.deepEqual(stored(made, undefined, "DRANodeAllocatableResources"), made);
  assert.deepEqual(stored(made, undefined), [{ name: "d" }]);
  assert.deepEqual(stored(made, [{ name: "d" }]), [{ name: "d" }]);
  assert.deepEqual(stored(made, made), made);

  const capacity = { memory: { value: "8Gi" } };
  const mappings = (nodeAllocatableResourceMappings: NonNullable<Device["nodeAllocatableResourceMappings"]>) =>
    told({ name: "d", capacity, nodeAllocatableResourceMappings });
  assert.deepEqual(mappings({ cpu: {}, memory: { capacityKey: "memory" }, "hugepages-2Mi": {} }), []);
  const at = "spec.devices[0].nodeAllocatableResourceMappings";
  assert.deepEqual(mappings({ "example.com/gpu": {}, cpu: { capacityKey: "cores", allocationMultiplier: "0" } }), [
    `${at}[example.com/gpu]: Invalid value: "example.com/gpu": must be cpu, memory, ephemeral-storage or of huge pages`,
    `${at}[cpu].capacityKey: Invalid value: "cores": must be the name of a capacity of the device`,
    `${at}[cpu].allocationMultiplier: Invalid value: "0": must be greater than zero`,
  ]);
});

test("what attributes may be", () => {
  const attributes = (attributes: Device["attributes"]) => told({ name: "d", ...(attributes && { attributes }) });
  const at = "spec.devices[0].attributes";
  const many = (length: number) => Array.from({ length }, (_, i) => i);
  assert.deepEqual(attributes({ a: { ints: many(24) }, b: { ints: many(24) } }), []);
  assert.deepEqual(attributes({ a: { ints: many(48) }, b: { int: 1 } }), [
    `${at}: Invalid value: 49: the total number of attribute values must not exceed 48`,
  ]);
  assert.deepEqual(attributes({ a: { strings: ["x", "y".repeat(65)] } }), [
    `${at}[a].strings[1]: Too long: may not be more than 64 bytes`,
  ]);
  assert.deepEqual(attributes({ a: { versions: ["1.0.0", "1"] } }), [
    `${at}[a].versions[1]: Invalid value: "1": must be a string compatible with semver.org spec 2.0.0`,
  ]);
  assert.deepEqual(attributes({ a: { bools: [true], bool: true } }), [
    `${at}[a]: Invalid value: 2: exactly one value must be specified`,
  ]);
});

test("a slice holds fewer devices where they say more", () => {
  const devices = (more: Partial<Device>) =>
    Array.from({ length: 65 }, (_, i): Device => ({ name: `d${i}`, ...(i ? {} : more) }));
  assert.deepEqual(told(...devices({ attributes: { a: { int: 1 } } })), []);
  const tooMany = ["spec.devices: Too many: 65: must have at most 64 items"];
  assert.deepEqual(told(...devices({ attributes: { a: { ints: [1] } } })), tooMany);
  assert.deepEqual(told(...devices({ taints: [{ key: "k", effect: "None" }] })), tooMany);
});
