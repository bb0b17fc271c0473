/**
 * One scrape over HTTP: which format the client wants, and the metrics in it.
 * Holds: the answer is made in short stretches, between which the event loop goes on with other work.
 */
import { setImmediate } from "node:timers/promises";
import type { Exposable, MetricFamily, MetricMessage, MetricsFormat } from "@kubets/machinery/metrics";
import { type MediaType, parseAccept } from "./media/media-type.ts";
import { encode } from "./proto/encode.ts";
import { defineMessages } from "./proto/schema.ts";
import { Writer } from "./proto/writer.ts";

export interface Scrape {
  readonly contentType: string;
  readonly body: Buffer;
}

type Format = MetricsFormat | "protobuf";

const CONTENT_TYPE: Readonly<Record<Format, string>> = {
  text: "text/plain; version=0.0.4; charset=utf-8",
  openmetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8",
  protobuf: "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited",
};
/** How names that are not plain may be written; here all of them are plain. */
const ESCAPINGS = new Set(["allow-utf-8", "underscores", "dots", "values"]);
const LONGEST_STRETCH_MS = 4;

export async function scrape(metrics: Exposable, accept?: string): Promise<Scrape> {
  const { format, escaping } = wanted(accept);
  const pieces: Uint8Array[] = [];
  let began = performance.now();
  for (const piece of format === "protobuf" ? protobufPieces(metrics) : textPieces(metrics, format)) {
    pieces.push(piece);
    if (performance.now() - began < LONGEST_STRETCH_MS) continue;
    await setImmediate();
    began = performance.now();
  }
  return { contentType: `${CONTENT_TYPE[format]}; escaping=${escaping}`, body: Buffer.concat(pieces) };
}

/** What the client wants most of what there is; the text for who wants nothing of it. */
function wanted(accept = ""): { readonly format: Format; readonly escaping: string } {
  let escaping = "underscores";
  for (const type of parseAccept(accept)) {
    if (ESCAPINGS.has(type.parameters["escaping"] ?? "")) escaping = type.parameters["escaping"] as string;
    const format = formatOf(type);
    if (format) return { format, escaping };
  }
  return { format: "text", escaping };
}

function formatOf({ type, subtype, parameters }: MediaType): Format | undefined {
  const { version = "", proto, encoding } = parameters;
  switch (`${type}/${subtype}`) {
    case "text/plain":
      return ["", "0.0.4"].includes(version) ? "text" : undefined;
    case "application/openmetrics-text":
      return ["", "1.0.0"].includes(version) ? "openmetrics" : undefined;
    case "application/vnd.google.protobuf":
      return proto === "io.prometheus.client.MetricFamily" && encoding === "delimited" ? "protobuf" : undefined;
    default:
      return undefined;
  }
}

function* textPieces(metrics: Exposable, format: MetricsFormat): Generator<Uint8Array, void, void> {
  for (const piece of metrics.expose(format)) yield Buffer.from(piece);
}

interface FamilyMessage {
  readonly name?: string;
  readonly help?: string;
  readonly type?: number;
  readonly metric: readonly MetricMessage[];
}

/** Of io.prometheus.client; all fields are told, also zeros. */
const familyType = defineMessages({
  MetricFamily: "name=1:string? help=2:string? type=3:enum? metric=4:Metric*",
  Metric: "label=1:LabelPair* gauge=2:Value counter=3:Value timestampMs=6:int64? histogram=7:Histogram",
  LabelPair: "name=1:string? value=2:string?",
  Value: "value=1:double?",
  Histogram:
    "sampleCount=1:uint64? sampleSum=2:double? bucket=3:Bucket* schema=5:sint32? zeroThreshold=6:double? zeroCount=7:uint64? negativeSpan=9:BucketSpan* negativeDelta=10:sint64* positiveSpan=12:BucketSpan* positiveDelta=13:sint64*",
  Bucket: "cumulativeCount=1:uint64? upperBound=2:double?",
  BucketSpan: "offset=1:sint32? length=2:uint32?",
})<FamilyMessage>("MetricFamily");

const TYPES = { counter: 0, gauge: 1, histogram: 4 } as const satisfies Record<MetricFamily["type"], number>;

/** About how many metrics are encoded at a time. */
const BATCH = 64;

/** Each family with its length before it; one without metrics is not told. What is not ready yet is an empty piece. */
function* protobufPieces(metrics: Exposable): Generator<Uint8Array, void, void> {
  for (const family of metrics.families()) {
    const { name, help, type } = family;
    const parts = [encode(familyType, { name, help, type: TYPES[type], metric: [] })];
    for (const metric of batches(family.messages())) {
      parts.push(encode(familyType, { metric }));
      yield NOTHING;
    }
    if (parts.length === 1) continue;
    const length = new Writer();
    length.uint32(parts.reduce((sum, part) => sum + part.length, 0));
    yield Buffer.concat([length.finish(), ...parts]);
  }
}

const NOTHING = Buffer.alloc(0);

function* batches<T>(all: Iterable<T>): Generator<T[], void, void> {
  let batch: T[] = [];
  for (const each of all) {
    batch.push(each);
    if (batch.length < BATCH) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}
