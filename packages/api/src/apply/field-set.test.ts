import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import {
  difference,
  emptySet,
  type FieldSet,
  intersection,
  intersects,
  isEmptySet,
  leaf,
  nodeOf,
  parseFieldSet,
  pathsOf,
  recursiveDifference,
  sorted,
  union,
} from "./field-set.ts";
import { compareElements, elementText } from "./path-element.ts";

/** The dumb oracle: a set of paths as a Set of texts. */
const paths = (set: FieldSet) => new Set(pathsOf(set));
const element = fc.constantFrom("f:a", "f:b", "f:__proto__", 'k:{"name":"x"}', 'k:{"name":"y"}', 'v:"s"', "v:3");
const randomSet = fc
  .array(fc.array(element, { minLength: 1, maxLength: 3 }), { maxLength: 8 })
  .map((all) => all.reduce<FieldSet>((set, path) => union(set, one(path)), emptySet));

function one(path: readonly string[]): FieldSet {
  let node = leaf;
  for (const step of path.toReversed()) node = { [step]: node };
  return node;
}

describe("sets of paths", () => {
  const holds = (law: (a: FieldSet, b: FieldSet) => void) =>
    fc.assert(fc.property(randomSet, randomSet, law), { numRuns: 300 });

  test("union, difference and intersection are those of the paths", () => {
    holds((a, b) => {
      const [x, y] = [paths(a), paths(b)];
      assert.deepEqual(paths(union(a, b)), x.union(y).size ? sortedLike(x.union(y), union(a, b)) : new Set());
      assert.deepEqual(new Set([...paths(difference(a, b))].sort()), new Set([...x.difference(y)].sort()));
      assert.deepEqual(new Set([...paths(intersection(a, b))].sort()), new Set([...x.intersection(y)].sort()));
      assert.equal(intersects(a, b), x.intersection(y).size > 0);
    });
  });

  test("a recursive difference takes what is below as well", () => {
    holds((a, b) => {
      const gone = [...paths(b)];
      const want = [...paths(a)].filter((path) => !gone.some((g) => path === g || isBelow(path, g)));
      assert.deepEqual([...paths(recursiveDifference(a, b))].sort(), want.sort());
    });
  });

  test("every set is written in order and comes back", () => {
    holds((a, b) => {
      for (const set of [union(a, b), difference(a, b), intersection(a, b)]) {
        assert.equal(JSON.stringify(parseFieldSet(JSON.parse(JSON.stringify(set)))), JSON.stringify(set));
        assert.equal(JSON.stringify(sorted({ ...set })), JSON.stringify(set));
        assert.ok(noneEmpty(set));
      }
    });
  });

  test("nothing is changed in place", () => {
    const a = freeze({ "f:a": { ".": {}, "f:b": {} } });
    const b = freeze({ "f:a": { "f:b": {} } });
    assert.deepEqual(difference(a, b), { "f:a": {} });
    assert.deepEqual(union(b, { "f:a": {} }), a);
    assert.equal(difference(a, { "f:z": {} }), a);
  });
});

test("elements stand as the original has them, and read as in its messages", () => {
  const elements = [
    'k:{"port":443}',
    "f:b",
    'v:"x"',
    'k:{"port":80}',
    "f:a",
    "i:2",
    'k:{"name":"b"}',
    'k:{"name":"a"}',
  ];
  assert.deepEqual(elements.sort(compareElements), [
    "f:a",
    "f:b",
    'k:{"name":"a"}',
    'k:{"name":"b"}',
    'k:{"port":80}',
    'k:{"port":443}',
    'v:"x"',
    "i:2",
  ]);
  assert.equal(elementText('k:{"containerPort":80,"protocol":"TCP"}'), '[containerPort=80,protocol="TCP"]');
  assert.equal(elementText('v:"ex.io/a"'), '[="ex.io/a"]');
});

test("elements of kinds to come are left out, and what is no set is refused", () => {
  assert.deepEqual(parseFieldSet({ "f:a": { "z:new": {} }, "x:y": {}, ".": {} }), { "f:a": {} });
  assert.throws(() => parseFieldSet({ "f:a": 1 }), SyntaxError);
  assert.equal(nodeOf(false, {}), undefined);
});

const sortedLike = (set: ReadonlySet<string>, like: FieldSet) => new Set(pathsOf(like).filter((path) => set.has(path)));
const isBelow = (path: string, above: string) => path.startsWith(above) && /^[.[]/.test(path.slice(above.length));
const noneEmpty = (set: FieldSet): boolean => isEmptySet(set) || Object.values(set).every(noneEmpty);
function freeze<T extends object>(value: T): T {
  for (const member of Object.values(value)) freeze(member as object);
  return Object.freeze(value);
}
