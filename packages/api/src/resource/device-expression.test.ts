import assert from "node:assert/strict";
import { test } from "node:test";
import type { Device } from "../generated/types/resource-v1.ts";
import { selectorsErrors } from "./device-checks.ts";
import { deviceExpression, deviceMatches } from "./device-expression.ts";

const device: Device = {
  name: "gpu-0",
  attributes: {
    model: { string: "big" },
    cores: { int: 8 },
    "other.example.com/fast": { bool: true },
    driverVersion: { version: "1.10.0" },
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
  ] as const)
    assert.equal(matches(source), expected, source);
});

test("an attribute that is not there is an error", () => {
  assert.throws(() => matches(`device.attributes["gpu.example.com"].none == 1`), /no such key: none/);
});

test("selectors that do not compile, give no bool or cost too much are refused", () => {
  const told = (expression: string) =>
    selectorsErrors([{ cel: { expression } }], "spec.selectors").map(({ field, detail }) => `${field}: ${detail}`);
  assert.deepEqual(told("true"), []);
  assert.match(told("device.nothing")[0] ?? "", /^spec.selectors\[0\].cel.expression: .*undefined field 'nothing'/s);
  assert.match(told("device.driver")[0] ?? "", /must evaluate to bool or the unknown type, not string/);
  const deep = `device.attributes.all(a, ${"device.attributes.all(b, ".repeat(4)}device.attributes.all(c, true)${")".repeat(5)}`;
  assert.deepEqual(told(deep), ["spec.selectors[0].cel.expression: too complex, exceeds cost limit"]);
});
