import assert from "node:assert/strict";
import { test } from "node:test";
import { canonicalJson, fnv1_32, fnv1a32, safeEncode, valueHash } from "./hash.ts";
import { LruCache } from "./lru.ts";
import { MetricsRegistry } from "./metrics.ts";
import { processMetrics } from "./process-metrics.ts";

test("a metric that is disabled is not told", () => {
  const registry = new MetricsRegistry();
  for (const name of ["a", "b"]) registry.gauge({ name, help: "-" }).values().set(1);
  registry.disable(["a"]);
  assert.equal([...registry.expose()].join(""), "# HELP b -\n# TYPE b gauge\nb 1\n");
});

test("metrics are exposed as Prometheus reads them", () => {
  const registry = new MetricsRegistry();
  const requests = registry.counter({ name: "requests_total", help: "Requests.\nAll.", labels: ["verb", "code"] });
  requests.values("GET", "200").inc();
  requests.with({ code: "200", verb: "GET" }).inc(2);
  requests.values('a"b\\', "").inc();
  const up = registry.gauge({ name: "up", help: "Up." });
  registry.onCollect(() => up.values().set(1));
  const seconds = registry.histogram({ name: "seconds", help: "Time.", buckets: [0.1, 1] });
  for (const value of [0.05, 0.1, 0.5, 7]) seconds.values().observe(value);
  assert.equal(
    [...registry.expose()].join(""),
    `# HELP requests_total Requests.\\nAll.
# TYPE requests_total counter
requests_total{verb="GET",code="200"} 3
requests_total{verb="a\\"b\\\\",code=""} 1
# HELP seconds Time.
# TYPE seconds histogram
seconds_bucket{le="0.1"} 2
seconds_bucket{le="1"} 3
seconds_bucket{le="+Inf"} 4
seconds_sum 7.65
seconds_count 4
# HELP up Up.
# TYPE up gauge
up 1
`,
  );
  requests.remove("GET", "200");
  assert.throws(() => requests.values("GET"), /has the labels \(verb, code\)/);
  assert.throws(() => registry.gauge({ name: "up", help: "" }), /registered already/);
  assert.throws(() => registry.gauge({ name: "no name", help: "" }), /no name for a metric/);
});

test("FNV, and the letters of controllers", () => {
  assert.equal(fnv1a32(""), 0x811c9dc5);
  assert.equal(fnv1a32("a"), 0xe40c292c);
  assert.equal(fnv1a32("foobar"), 0xbf9cf968);
  assert.equal(fnv1_32("a"), 0x050c5d7e);
  assert.equal(safeEncode("0123456789"), "456789bcdf");
  assert.match(valueHash({ a: 1 }), /^[bcdf456789]{1,10}$/);
  assert.equal(valueHash({ a: 1, b: 2n }), valueHash({ b: 2n, a: 1, c: undefined }));
  assert.notEqual(valueHash({ a: 1 }), valueHash({ a: 1 }, 0));
  assert.equal(canonicalJson({ b: [{ d: 1, c: 2 }], a: null }), '{"a":null,"b":[{"c":2,"d":1}]}');
});

test("the cache keeps what was used last", () => {
  const gone: string[] = [];
  const cache = new LruCache<string, number>(2, (key) => gone.push(key));
  cache.set("a", 1);
  cache.set("b", 2);
  assert.equal(cache.get("a"), 1);
  cache.set("c", 3);
  assert.deepEqual(gone, ["b"]);
  assert.equal(
    cache.getOrMake("d", () => 4),
    4,
  );
  assert.equal(cache.get("a"), undefined);
  assert.equal(cache.size, 2);
  assert.equal(cache.delete("d"), true);
});

test("a scrape of many is made in pieces", () => {
  const registry = new MetricsRegistry();
  const seconds = registry.histogram({ name: "seconds", help: "Time.", labels: ["of"] });
  for (let i = 0; i < 2000; i++) seconds.values(String(i)).observe(1);
  const pieces = [...registry.expose()];
  assert.ok(pieces.length > 50);
  assert.ok(Math.max(...pieces.map((piece) => piece.length)) < 20_000);
  assert.equal(pieces.join("").match(/^seconds_count/gm)?.length, 2000);
});

test("a process tells of itself what is so when it is asked", () => {
  const registry = new MetricsRegistry();
  processMetrics(registry);
  const told = [...registry.expose()].join("");
  assert.match(told, /^process_cpu_seconds_total 0?\.?\d/m);
  assert.match(told, /^process_resident_memory_bytes [1-9]\d{6,}$/m);
});

test("a part's metrics are told among the others, until it ends", () => {
  const registry = new MetricsRegistry();
  registry.counter({ name: "b_total", help: "" }).values().inc();
  const told = () => [...registry.expose()].join("").match(/^[a-z_]+ \d+$/gm);
  for (const value of [1, 2]) {
    const end = new AbortController();
    const part = registry.part(end.signal);
    const gauge = part.gauge({ name: "a", help: "" });
    part.onCollect(() => gauge.values().set(value));
    assert.deepEqual(told(), [`a ${value}`, "b_total 1"]);
    assert.deepEqual(registry.names, ["a", "b_total"]);
    end.abort();
    assert.deepEqual(told(), ["b_total 1"]);
  }
});
