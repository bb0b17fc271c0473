import assert from "node:assert/strict";
import { test } from "node:test";
import type { Device, DeviceClass } from "../generated/types/resource-v1.ts";
import { writeContext } from "../testing/write-context.ts";
import { claimSpecErrors } from "./claim-spec.ts";
import { newWords, selectorsErrors } from "./device-checks.ts";
import { deviceClassResource } from "./device-class.ts";
import { deviceExpression, deviceMatches } from "./device-expression.ts";

const device: Device = {
  name: "gpu-0",
  attributes: {
    model: { string: "big" },
    cores: { int: 8 },
    "other.example.com/fast": { bool: true },
    driverVersion: { version: "1.10.0" },
    roots: { strings: ["pci0", "pci1"] },
    nodes: { ints: [0, 2] },
    "other.example.com/flags": { bools: [true] },
    speaks: { versions: ["1.0.0", "2.0.0"] },
  },
  capacity: { memory: { value: "16Gi" } },
};

function matches(source: string): boolean {
  const compiled = deviceExpression(source);
  assert.ok("program" in compiled, "error" in compiled ? compiled.error : "");
  return deviceMatches(compiled.program, "gpu.example.com", device);
}

test("expressions see the driver, attributes and capacities by domain", () => {
  for (const [source, expected] of [
    [`device.driver == "gpu.example.com"`, true],
    [`device.attributes["gpu.example.com"].model == "big"`, true],
    [`device.attributes["gpu.example.com"].cores >= 9`, false],
    [`device.attributes["other.example.com"].fast`, true],
    [`device.attributes["gpu.example.com"].driverVersion.isGreaterThan(semver("1.9.0"))`, true],
    [`device.capacity["gpu.example.com"].memory.compareTo(quantity("16Gi")) == 0`, true],
    [`"x" in device.attributes["nobody.example.com"]`, false],
    [`cel.bind(a, device.attributes["gpu.example.com"], a.model == "big" && a.cores == 8)`, true],
    [`device.allowMultipleAllocations`, false],
    [`device.attributes["gpu.example.com"].roots.includes("pci1")`, true],
    [`device.attributes["gpu.example.com"].roots.includes("pci2")`, false],
    [`device.attributes["gpu.example.com"].roots.includes(1)`, false],
    [`device.attributes["gpu.example.com"].model.includes("big")`, true],
    [`device.attributes["gpu.example.com"].model.includes("b")`, false],
    [`device.attributes["gpu.example.com"].nodes.includes(2)`, true],
    [`device.attributes["gpu.example.com"].nodes.exists(n, n > 1)`, true],
    [`device.attributes["other.example.com"].flags[0]`, true],
    [`device.attributes["gpu.example.com"].speaks.includes(semver("2.0.0"))`, true],
    [`size(device.attributes["gpu.example.com"].roots) == 2`, true],
  ] as const)
    assert.equal(matches(source), expected, source);
});

test("an attribute that is not there is an error", () => {
  assert.throws(() => matches(`device.attributes["gpu.example.com"].none == 1`), /no such key: none/);
});

test("what is longer than any attribute is not looked through", () => {
  assert.throws(
    () => matches(`[${"1, ".repeat(48)}1].includes(2)`),
    /'includes' function cannot be applied to lists longer than 48 values/,
  );
});

test("new selectors ask for what lists include where that is on, stored ones always", () => {
  const includes = { cel: { expression: `device.attributes["a"].b.includes("c")` } };
  const without = /undeclared reference to 'includes'/;
  const [on, off] = [writeContext("DRAListTypeAttributes"), writeContext()];
  assert.deepEqual(selectorsErrors([includes], newWords(on), "f"), []);
  assert.match(selectorsErrors([includes], newWords(off), "f")[0]?.detail ?? "", without);

  const named = { metadata: { name: "a" }, apiVersion: "resource.k8s.io/v1", kind: "DeviceClass" };
  const stored = { ...named, spec: { selectors: [includes] } } as unknown as DeviceClass;
  assert.match(deviceClassResource.validate?.(stored, off)[0]?.detail ?? "", without);
  assert.deepEqual(deviceClassResource.validate?.(stored, on), []);
  assert.deepEqual(deviceClassResource.validateUpdate?.(stored, stored, off), []);
  const before = { ...stored, spec: {} };
  assert.match(deviceClassResource.validateUpdate?.(stored, before, off)[0]?.detail ?? "", without);

  const requests = [
    { name: "r", exactly: { deviceClassName: "a", allocationMode: "ExactCount", count: 1, selectors: [includes] } },
    { name: "s", firstAvailable: [{ name: "t", deviceClassName: "a", allocationMode: "All", selectors: [includes] }] },
  ];
  assert.equal(claimSpecErrors({ devices: { requests } }, on, "spec").length, 0);
  assert.equal(claimSpecErrors({ devices: { requests } }, off, "spec").length, 2);
});

test("selectors that do not compile, give no bool or cost too much are refused", () => {
  const told = (expression: string) =>
    selectorsErrors([{ cel: { expression } }], "all", "spec.selectors").map(
      ({ field, detail }) => `${field}: ${detail}`,
    );
  assert.deepEqual(told("true"), []);
  assert.match(told("device.nothing")[0] ?? "", /^spec.selectors\[0\].cel.expression: .*undefined field 'nothing'/s);
  assert.match(told("device.driver")[0] ?? "", /must evaluate to bool or the unknown type, not string/);
  const deep = `device.attributes.all(a, ${"device.attributes.all(b, ".repeat(4)}device.attributes.all(c, true)${")".repeat(5)}`;
  assert.deepEqual(told(deep), ["spec.selectors[0].cel.expression: too complex, exceeds cost limit"]);
});
