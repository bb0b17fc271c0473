/** docs/feature-gates.md says what the components say. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { NOT_THERE } from "@kubets/kubelet/feature-gates";
import { kubernetesGates } from "@kubets/machinery/kubernetes-gates";

const page = readFileSync(new URL("../../../docs/feature-gates.md", import.meta.url), "utf8");
const rowsBelow = (heading: string): (readonly [gate: string, where: string])[] => {
  const section = page.split("\n## ").find((each) => each.startsWith(heading)) ?? "";
  return [...section.matchAll(/^\| `(\w+)` \| ([^|]+) \|/gm)].map(
    ([, gate = "", where = ""]) => [gate, where] as const,
  );
};

test("what is not built is told of by the kubelet, which would have it, and stands on the page", () => {
  const rows = rowsBelow("Not built");
  assert.deepEqual(
    rows,
    [...NOT_THERE].sort().map((gate) => [gate, "kubelet"]),
  );
});

test("every gate that is off by default stands on the page once, and none that is none", () => {
  const named = [...page.matchAll(/`([A-Z]\w+)`/g)]
    .map(([, name = ""]) => name)
    .filter((name) => name in kubernetesGates);
  const off = Object.entries(kubernetesGates).filter(([, gate]) => !gate.default);
  for (const [name] of off)
    assert.equal(named.filter((each) => each === name).length, 1, `${name} is to stand on the page once`);
  for (const [gate] of [...rowsBelow("Off by default"), ...rowsBelow("Not built")])
    assert.equal(kubernetesGates[gate]?.default, false, `${gate} is no gate that is off by default`);
});
