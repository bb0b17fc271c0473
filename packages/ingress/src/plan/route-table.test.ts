/** Which rule a request meets: tables, and random rules against a reading of the rules one by one. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Ingress } from "@kubets/api/generated/types/networking-v1";
import fc from "fast-check";
import { type IngressOptions, ingressObject } from "../testing/fixture.ts";
import { type CompiledIngress, compileIngress } from "./compile.ts";
import { RouteTable } from "./route-table.ts";

const compiled = (options: IngressOptions): CompiledIngress =>
  compileIngress(ingressObject(options) as unknown as Ingress);

function tableOf(...all: IngressOptions[]): RouteTable {
  const table = new RouteTable();
  for (const options of all) {
    const ingress = compiled(options);
    table.set(ingress.key, ingress);
  }
  return table;
}

/** The service that gets a request, or "". */
const serviceOf = (table: RouteTable, host: string, path: string): string =>
  table.find(host, path).route?.backend?.service.split("/")[1] ?? "";

describe("paths", () => {
  // The examples of the API's own documentation.
  const cases: readonly (readonly [type: string, paths: readonly string[], path: string, found: string])[] = [
    ["Prefix", ["/"], "/any", "/"],
    ["Exact", ["/foo"], "/foo", "/foo"],
    ["Exact", ["/foo"], "/bar", ""],
    ["Exact", ["/foo"], "/foo/", ""],
    ["Exact", ["/foo/"], "/foo", ""],
    ["Prefix", ["/foo"], "/foo", "/foo"],
    ["Prefix", ["/foo"], "/foo/", "/foo"],
    ["Prefix", ["/foo/"], "/foo", "/foo/"],
    ["Prefix", ["/foo/"], "/foo/", "/foo/"],
    ["Prefix", ["/aaa/bb"], "/aaa/bbb", ""],
    ["Prefix", ["/aaa/bbb"], "/aaa/bbb", "/aaa/bbb"],
    ["Prefix", ["/aaa/bbb/"], "/aaa/bbb", "/aaa/bbb/"],
    ["Prefix", ["/aaa/bbb"], "/aaa/bbb/", "/aaa/bbb"],
    ["Prefix", ["/aaa/bbb"], "/aaa/bbb/ccc", "/aaa/bbb"],
    ["Prefix", ["/aaa/bbb"], "/aaa/bbbxyz", ""],
    ["Prefix", ["/", "/aaa"], "/aaa/ccc", "/aaa"],
    ["Prefix", ["/", "/aaa", "/aaa/bbb"], "/aaa/bbb", "/aaa/bbb"],
    ["Prefix", ["/", "/aaa", "/aaa/bbb"], "/ccc", "/"],
    ["Prefix", ["/aaa"], "/ccc", ""],
    ["ImplementationSpecific", ["/foo"], "/foobar", "/foo"],
  ];
  for (const [type, paths, path, found] of cases)
    it(`${type} ${paths.join(" ")} and a request for ${path}: ${found || "nothing"}`, () => {
      const table = tableOf({ host: "a.test", paths: paths.map((each) => ({ path: each, type })) });
      assert.equal(table.find("a.test", path).route?.path ?? "", found);
    });

  it("an equal path stands above a longer lead", () => {
    const table = tableOf({
      paths: [
        { path: "/foo", type: "Prefix", service: "lead" },
        { path: "/foo", type: "Exact", service: "equal" },
      ],
    });
    assert.equal(serviceOf(table, "", "/foo"), "equal");
    assert.equal(serviceOf(table, "", "/foo/"), "lead");
  });

  it("expressions count by their length, whatever the case", () => {
    const table = tableOf({
      annotations: { "use-regex": "true" },
      paths: [
        { path: "/", service: "root" },
        { path: "/api/v[0-9]+(/|$)(.*)", type: "ImplementationSpecific", service: "api" },
      ],
    });
    assert.equal(serviceOf(table, "x", "/API/v2/pods"), "api");
    assert.equal(serviceOf(table, "x", "/api/vx"), "root");
  });
});

describe("hosts", () => {
  const table = tableOf(
    { name: "exact", host: "a.example.org", paths: [{ path: "/here", service: "exact" }] },
    { name: "star", host: "*.example.org", paths: [{ service: "star" }] },
    { name: "all", paths: [{ service: "all" }] },
  );
  const cases = {
    "a.example.org/here": "exact",
    "b.example.org/": "star",
    "b.c.example.org/": "all",
    "example.org/": "all",
    "other/": "all",
    "a.example.org/there": "",
  };
  for (const [url, found] of Object.entries(cases))
    it(`${url}: ${found || "nothing"}`, () => {
      const [host = "", path] = url.split("/");
      assert.equal(serviceOf(table, host, `/${path}`), found);
    });

  it("what no rule is for goes to the default backend, of the host's own ingress first", () => {
    const all: IngressOptions = { name: "default", paths: [], defaultService: "default" };
    const table = tableOf(
      all,
      { name: "own", host: "own.test", paths: [{ path: "/a" }], defaultService: "own" },
      { name: "none", host: "none.test", paths: [{ path: "/a" }] },
    );
    assert.equal(serviceOf(table, "own.test", "/b"), "own");
    assert.equal(serviceOf(table, "none.test", "/b"), "default");
    assert.equal(serviceOf(table, "nobody.test", "/b"), "default");
  });

  it("an alias has what its first name has, and the name with www leads to the one without", () => {
    const table = tableOf({
      host: "a.test",
      annotations: { "server-alias": "b.test, *.c.test", "from-to-www-redirect": "true" },
    });
    for (const host of ["a.test", "b.test", "x.c.test"]) assert.equal(serviceOf(table, host, "/"), "web");
    assert.deepEqual(table.find("www.a.test", "/"), { route: undefined, wwwOf: "a.test" });
  });
});

describe("two ingresses that say the same", () => {
  it("the older one counts, and the younger one when it has gone", () => {
    const old: IngressOptions = { name: "z", created: "2020-01-01T00:00:00Z", paths: [{ service: "old" }] };
    const young: IngressOptions = { name: "a", created: "2021-01-01T00:00:00Z", paths: [{ service: "young" }] };
    const table = tableOf(young, old);
    assert.equal(serviceOf(table, "", "/"), "old");
    table.set("default/z", undefined);
    assert.equal(serviceOf(table, "", "/"), "young");
    table.set("default/a", undefined);
    assert.equal(serviceOf(table, "", "/"), "");
  });

  it("canaries stand behind the rule that is the same as theirs", () => {
    const table = tableOf(
      { name: "b", host: "a.test" },
      {
        name: "c",
        host: "a.test",
        paths: [{ service: "new" }],
        annotations: { canary: "true", "canary-weight": "10" },
      },
    );
    const { route } = table.find("a.test", "/");
    assert.equal(route?.backend?.service, "default/web");
    assert.deepEqual(
      route?.canaries.map(({ backend }) => backend?.service),
      ["default/new"],
    );
  });
});

/** The rules one by one. */
function naive(all: readonly CompiledIngress[], host: string, path: string): string | undefined {
  const rules = [...all]
    .sort((a, b) => (a.created + a.key < b.created + b.key ? -1 : 1))
    .flatMap((ingress) => ingress.rules.map((rule) => ({ ...rule, ingress })));
  const star = host.replace(/^[^.]*/, "*");
  const named = [host, star, ""].find((name) => rules.some((rule) => rule.host === name));
  const elements = (text: string) =>
    text.split("/").filter((element, i, array) => element !== "" || (i > 0 && i < array.length - 1));
  const matching = rules.filter((rule) => {
    if (rule.host !== named) return false;
    if (rule.type === "Exact") return rule.path === path;
    if (rule.type === "ImplementationSpecific") return path.startsWith(rule.path);
    const [wanted, given] = [elements(rule.path), elements(path)];
    return wanted.every((element, i) => element === given[i]);
  });
  const length = (rule: (typeof rules)[number]) =>
    rule.type === "Prefix" ? rule.path.replace(/\/$/, "").length : rule.path.length;
  const order = (rule: (typeof rules)[number]) => (rule.type === "Exact" ? 0 : 1);
  const best = matching.sort(
    (a, b) => order(a) - order(b) || length(b) - length(a) || Number(a.type === "Prefix") - Number(b.type === "Prefix"),
  )[0];
  return best && `${best.ingress.key} ${best.host} ${best.type} ${best.path}`;
}

describe("random rules", () => {
  const path = fc
    .array(fc.constantFrom("a", "b", "ab"), { maxLength: 3 })
    .chain((elements) =>
      fc.boolean().map((slash) => `/${elements.join("/")}${slash && elements.length > 0 ? "/" : ""}`),
    );
  const host = fc.constantFrom("", "a.test", "b.test", "*.test", "*.b.test");
  const ingress = fc.record({
    name: fc.constantFrom("i", "j", "k", "l"),
    created: fc.constantFrom("2020", "2021"),
    host,
    paths: fc.array(fc.record({ path, type: fc.constantFrom("Exact", "Prefix", "ImplementationSpecific") }), {
      minLength: 1,
      maxLength: 4,
    }),
  });
  const change = fc.oneof(
    { weight: 4, arbitrary: ingress },
    { weight: 1, arbitrary: fc.constantFrom("i", "j", "k", "l") },
  );

  it("are met as when they are read one by one, after any changes", () => {
    fc.assert(
      fc.property(
        fc.array(change, { maxLength: 8 }),
        fc.array(fc.tuple(fc.constantFrom("a.test", "b.test", "x.b.test", "c.d"), path), { maxLength: 8 }),
        (changes, requests) => {
          const table = new RouteTable();
          const there = new Map<string, CompiledIngress>();
          for (const each of changes) {
            const key = `default/${typeof each === "string" ? each : each.name}`;
            if (typeof each === "string") there.delete(key);
            else there.set(key, compiled(each));
            table.set(key, there.get(key));
          }
          for (const [name, wanted] of requests) {
            const { route } = table.find(name, wanted);
            const found = route && `${route.ingress.key} ${route.host} ${route.rule.type} ${route.path}`;
            assert.equal(found, naive([...there.values()], name, wanted), `${name}${wanted}`);
          }
        },
      ),
      { numRuns: 1000 },
    );
  });
});
