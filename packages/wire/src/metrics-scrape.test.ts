import assert from "node:assert/strict";
import { test } from "node:test";
import { MetricsRegistry } from "@kubets/machinery/metrics";
import { scrape } from "./metrics-scrape.ts";

const PROTOBUF = "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited";

/** Reads the protobuf format by hand: fields by number, each with its values in the order in which they came. */
type Fields = Map<number, (bigint | Buffer)[]>;

function fieldsOf(bytes: Buffer): Fields {
  const fields: Fields = new Map();
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes.readUInt8(at++);
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return value;
    }
  };
  const take = (length: number) => bytes.subarray(at, (at += length));
  while (at < bytes.length) {
    const tag = Number(varint());
    const value = (tag & 7) === 0 ? varint() : take((tag & 7) === 1 ? 8 : Number(varint()));
    fields.set(tag >> 3, [...(fields.get(tag >> 3) ?? []), value]);
  }
  return fields;
}

/** Of messages with their lengths before them. */
function delimited(body: Buffer): Fields[] {
  const families: Fields[] = [];
  for (let at = 0; at < body.length; ) {
    let length = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = body.readUInt8(at++);
      length |= (byte & 127) << shift;
      if (byte < 128) break;
    }
    families.push(fieldsOf(body.subarray(at, at + length)));
    at += length;
  }
  return families;
}

const bytesOf = (fields: Fields, number: number, i = 0) => fields.get(number)?.[i] as Buffer;
const part = (fields: Fields, number: number, i = 0): Fields => fieldsOf(bytesOf(fields, number, i));
const textOf = (fields: Fields, number: number): string => String(bytesOf(fields, number));
const doubleOf = (fields: Fields, number: number): number => bytesOf(fields, number).readDoubleLE();

test("the formats by Accept: what is wanted most and is there; the text else", async () => {
  const registry = new MetricsRegistry();
  const typeFor = async (accept?: string) => (await scrape(registry, accept)).contentType;
  const [text, openmetrics, protobuf] = [
    /^text\/plain; version=0\.0\.4/,
    /^application\/openmetrics-text/,
    /^application\/vnd/,
  ];
  const table: [string | undefined, RegExp][] = [
    [undefined, text],
    ["*/*", text],
    ["application/json", text],
    [PROTOBUF, protobuf],
    [`text/plain;q=0.5, ${PROTOBUF};q=0.7`, protobuf],
    [`text/plain, ${PROTOBUF};q=0.7`, text],
    [`${PROTOBUF};q=0, application/openmetrics-text;q=0.1`, openmetrics],
    [PROTOBUF.replace("delimited", "text"), text],
    [PROTOBUF.replace("MetricFamily", "Other"), text],
    ["application/openmetrics-text;version=9.0.0,text/plain;version=0.0.4", text],
  ];
  for (const [accept, type] of table) assert.match(await typeFor(accept), type, String(accept));
  assert.equal(
    await typeFor(`${PROTOBUF};escaping=allow-utf-8;q=0.6`),
    "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited; escaping=allow-utf-8",
  );
  assert.match(await typeFor("text/plain;escaping=nonsense"), /; escaping=underscores$/);
});

test("the protobuf of Prometheus: each family with its length before it", async () => {
  const registry = new MetricsRegistry();
  const requests = registry.counter({ name: "requests_total", help: "All.", labels: ["verb", "code"] });
  for (let i = 0; i < 200; i++) requests.values("GET", String(i)).inc(i);
  registry.gauge({ name: "level", help: "" }).values().set(-2.5);
  registry.gauge({ name: "none", help: "Without children.", labels: ["a"] });
  const seconds = registry.histogram({ name: "seconds", help: "Time.", buckets: [0.1, 1] });
  for (const value of [0.05, 0.5, 7]) seconds.values().observe(value);
  const [level, counted, timed, ...more] = delimited((await scrape(registry, PROTOBUF)).body) as [
    Fields,
    Fields,
    Fields,
  ];
  assert.deepEqual(more, []);
  assert.equal(textOf(level, 1), "level");
  assert.deepEqual(level.get(3), [1n], "a gauge");
  assert.equal(doubleOf(part(part(level, 4), 2), 1), -2.5);
  assert.deepEqual([textOf(counted, 1), textOf(counted, 2), counted.get(3)], ["requests_total", "All.", [0n]]);
  assert.equal(counted.get(4)?.length, 200);
  const last = part(counted, 4, 199);
  assert.deepEqual(
    last.get(1)?.map((pair) => [textOf(fieldsOf(pair as Buffer), 1), textOf(fieldsOf(pair as Buffer), 2)]),
    [
      ["verb", "GET"],
      ["code", "199"],
    ],
  );
  assert.equal(doubleOf(part(last, 3), 1), 199);
  assert.deepEqual(timed.get(3), [4n]);
  const histogram = part(part(timed, 4), 7);
  assert.deepEqual([histogram.get(1), doubleOf(histogram, 2)], [[3n], 7.55]);
  const buckets = histogram.get(3)?.map((each) => fieldsOf(each as Buffer)) ?? [];
  assert.deepEqual(
    buckets.map((bucket) => [bucket.get(1)?.[0], doubleOf(bucket, 2)]),
    [
      [1n, 0.1],
      [2n, 1],
    ],
  );
  assert.equal(histogram.get(5), undefined, "no native buckets without the gate");
});

test("with native histograms, also those that were there before have native buckets, and the text is as without", async () => {
  const registry = new MetricsRegistry();
  const part1 = registry.part(new AbortController().signal);
  const before = registry.histogram({ name: "a", help: "" });
  const inPart = part1.histogram({ name: "b", help: "", labels: ["of"] });
  const text = String((await scrape(registry)).body);
  registry.openNativeHistograms();
  assert.equal(String((await scrape(registry)).body), text);
  before.values().observe(1, 2);
  before.values().observe(0);
  inPart.values("x").observe(2);
  const [a, b] = delimited((await scrape(registry, PROTOBUF)).body) as [Fields, Fields];
  const native = part(part(a, 4), 7);
  assert.equal(native.get(3)?.length, 11, "the other buckets are there, too");
  assert.deepEqual([native.get(5), native.get(7)], [[6n], [1n]], "schema 3 and one zero");
  assert.equal(doubleOf(native, 6), 2 ** -128);
  assert.deepEqual([part(native, 12).get(1), part(native, 12).get(2)], [[0n], [1n]]);
  assert.deepEqual([...bytesOf(native, 13)], [4], "two more than nothing");
  assert.deepEqual(part(part(part(b, 4), 7), 12).get(1), [16n], "index 8");
});

test("who asks for OpenMetrics gets it, others the text of old", async () => {
  const registry = new MetricsRegistry();
  registry.counter({ name: "requests_total", help: "All." }).values().inc();
  const plain = await scrape(registry, "text/plain;version=0.0.4;q=0.3,*/*;q=0.2");
  assert.match(plain.contentType, /^text\/plain; version=0\.0\.4/);
  assert.equal(String(plain.body), "# HELP requests_total All.\n# TYPE requests_total counter\nrequests_total 1\n");
  const open = await scrape(registry, "application/openmetrics-text;version=1.0.0,text/plain;q=0.5");
  assert.match(open.contentType, /^application\/openmetrics-text/);
  assert.equal(String(open.body), "# HELP requests All.\n# TYPE requests counter\nrequests_total 1\n# EOF\n");
});
