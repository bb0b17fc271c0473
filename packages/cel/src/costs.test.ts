/** Costs as the original's: estimated from the bounds of types, and spent. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Budget, type CelType, ENDLESS, formatIssues, kubernetesEnvironment, celTypes as t } from "./cel.ts";

function program(source: string, self: CelType) {
  const compiled = kubernetesEnvironment.extend({ variables: { self } }).compile(source);
  assert.ok(compiled.ok, compiled.ok ? "" : formatIssues(compiled.errors));
  return compiled.program;
}

const numbers = (maxElements: number) => t.list(t.int, { maxElements });
const strings = (items: number, characters: number) => t.list(t.sized(t.string, characters), { maxElements: items });
const text = (maxElements: number) => t.sized(t.string, maxElements);

test("estimates", () => {
  const pod = t.object("Pod", {
    hosts: { type: strings(10, 20) },
    labels: { type: t.map(text(5), text(7), { maxElements: 3 }) },
  });
  const cases: [source: string, self: CelType, max: number][] = [
    ["self.all(x, true)", numbers(1_572_863), 4_718_591],
    ["self.all(x, true)", numbers(10), 32],
    ["self.contains('test')", text(3_145_726), 314_574],
    ["self.contains('test')", text(5), 2],
    ["self.startsWith('test')", text(3_145_726), 2],
    ["self.matches('x')", text(3_145_726), 314_574],
    ["self == 'abcdefghijk'", text(1000), 3],
    // 3 a turn, and the comparison: the name, and a tenth of the 20 characters.
    ["self.hosts.all(h, h == 'a.very.long.host.name.example')", pod, 3 + 10 * (3 + 1 + 2)],
    ["self.labels.all(k, k.startsWith('12345678901'))", pod, 3 + 3 * (3 + 1 + 2)],
    ["self.labels['a'].contains('12345678901')", pod, 3 + 2],
    ["self.hosts.map(h, h.upperAscii()).isSorted()", pod, 3 + 10 + 10 * (1 + 10 + 1 + 1 + 2) + 10 * 3],
    ["has(self.hosts) && self.hosts.size() > 3", pod, 1 + 2 + 1 + 1],
    ["cel.bind(x, self.hosts, x.size() + x.size())", pod, 10 + 2 + 2 * 2 + 1],
    ["quantity('1').isLessThan(quantity('2'))", t.dyn, 3],
    ["sets.contains(self, [1, 2])", numbers(10), 1 + 10 + 1 + 20],
    ["self.all(x, x > 0)", t.list(t.int), ENDLESS],
    ["self[1] == 0", numbers(10), 2],
    ["self == self", pod, 2],
    ["self.size() == 1", numbers(10), 1 + 1 + 1],
    ["type(self) == int ? self > 1 : self.startsWith('p')", t.sized(t.dyn, 3_145_726), 1 + 1 + 1 + 314_573 + 2],
  ];
  for (const [source, self, max] of cases) assert.equal(program(source, self).estimateCost().max, max, source);
});

test("what is spent lies within the estimate", () => {
  const self = { hosts: ["a.example.com", "b.example.com"], labels: { a: "x", b: "y" } };
  const type = t.object("O", {
    hosts: { type: strings(2, 13) },
    labels: { type: t.map(text(1), text(1), { maxElements: 2 }) },
  });
  const cases: [source: string, cost: number][] = [
    ["self.hosts.all(h, h.endsWith('.example.com'))", 2 + 2 * (2 + 1 + 1 + 2) + 1],
    ["self.hosts.exists(h, h == 'b.example.com')", 2 + 2 * (3 + 1 + 1 + 2) + 1],
    ["self.hosts[1] == 'b.example.com'", 3 + 2],
    ["self.labels.a + self.labels['b']", 3 + 3 + 1],
    ["self.hosts.map(h, h.size()).size()", 2 + 2 * (1 + 10 + 1 + 1 + 1) + 1 + 1],
    ["self.hosts[0] in ['a.example.com', 'c']", 3],
    ["duration('1h') < duration('2h')", 1],
    ["has(self.hosts) ? 1 : 2", 1],
  ];
  for (const [source, cost] of cases) {
    const compiled = program(source, type);
    const budget = new Budget(0);
    compiled.evaluate({ self }, { budget });
    assert.equal(-budget.remaining, cost, source);
    assert.ok(compiled.estimateCost().max >= cost, `${source} was estimated too low`);
  }
});
