import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { Compare, RangeResponse, WatchCreateRequest } from "../generated/etcd.ts";
import { decode } from "./decode.ts";
import { encode } from "./encode.ts";
import { Reader } from "./reader.ts";
import { defineMessages } from "./schema.ts";
import { Writer } from "./writer.ts";

interface Everything {
  id: number | bigint;
  mask: number | bigint;
  small: number;
  zig: number | bigint;
  ratio: number;
  text: string;
  flag: boolean;
  data: Uint8Array;
  numbers: readonly number[];
  names: readonly string[];
  labels: Readonly<Record<string, string>>;
  byName: Readonly<Record<string, Everything>>;
  inner?: Everything;
  items: readonly Everything[];
  choice?: number | bigint;
  exact: number | bigint;
}

const type = defineMessages({
  Everything:
    "id=1:int64 mask=2:uint64 small=3:int32 zig=4:sint64 ratio=5:double text=6:string flag=7:bool data=8:bytes numbers=9:int32* names=10:string* labels=11:map<string,string> byName=12:map<string,Everything> inner=13:Everything items=14:Everything* choice=15:int64? exact=2000:fixed64",
});
const everything = type<Everything>("Everything");
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

const int64 = fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n).map(narrow);
const uint64 = fc.bigInt(0n, 2n ** 64n - 1n).map(narrow);

function narrow(value: bigint): number | bigint {
  return Number.isSafeInteger(Number(value)) ? Number(value) : value;
}

const { node } = fc.letrec<{ node: Partial<Everything> }>((tie) => ({
  node: fc.record(
    {
      id: int64,
      mask: uint64,
      small: fc.integer(),
      zig: int64,
      ratio: fc.double({ noNaN: true }).map((n) => (Object.is(n, -0) ? 0 : n)),
      text: fc.string({ unit: "grapheme" }),
      flag: fc.boolean(),
      data: fc.uint8Array().map((bytes) => Buffer.from(bytes)),
      numbers: fc.array(fc.integer(), { maxLength: 3 }),
      names: fc.array(fc.string(), { maxLength: 3 }),
      labels: fc.dictionary(fc.string(), fc.string(), { maxKeys: 3, noNullPrototype: true }),
      inner: fc.option(tie("node"), { nil: undefined, maxDepth: 2 }),
      items: fc.array(tie("node"), { maxLength: 2 }),
      choice: int64,
      exact: uint64,
    },
    { requiredKeys: [] },
  ) as fc.Arbitrary<Partial<Everything>>,
}));

/** What decoding must give for what was encoded. */
function filled(value: Partial<Everything>): Everything {
  const { inner, items = [], ...rest } = value;
  const full = { ...structuredCloneless(everything.defaults), ...rest, items: items.map(filled) };
  for (const key of Object.keys(full) as (keyof Everything)[]) if (full[key] === undefined) delete full[key];
  return inner ? { ...full, inner: filled(inner) } : full;
}
const structuredCloneless = (defaults: Everything): Everything => ({ ...defaults });

describe("protobuf", () => {
  it("encodes the examples of the format's documentation", () => {
    assert.equal(hex(encode(everything, { id: 150 })), "089601");
    assert.equal(hex(encode(everything, { text: "testing" })), "320774657374696e67");
    assert.equal(hex(encode(everything, { small: -1 })), "18ffffffffffffffffff01");
    assert.equal(hex(encode(everything, { numbers: [3, 270, 86942] })), "4a06038e029ea705");
    assert.equal(hex(encode(everything, { inner: { id: 150 } })), "6a03089601");
  });

  it("decodes what it encodes", () => {
    fc.assert(
      fc.property(node, (value) => {
        assert.deepEqual(decode(everything, encode(everything, value)), filled(value));
      }),
      { numRuns: 300 },
    );
  });

  it("writes each value whole where the writer has no room left", () => {
    const writes: ((writer: Writer) => void)[] = [
      (writer) => writer.bool(true),
      (writer) => writer.uint32(300),
      (writer) => writer.int64(-2),
      (writer) => writer.fixed32(7),
      (writer) => writer.double(0.5),
      (writer) => writer.string("text"),
      (writer) => writer.bytes(Buffer.from("bytes")),
    ];
    for (const write of writes) {
      const roomy = new Writer();
      write(roomy);
      const full = new Writer(1);
      full.raw(Buffer.of(0xff));
      write(full);
      assert.deepEqual(full.finish(), Buffer.concat([roomy.finish(), Buffer.of(0xff)]));
    }
  });

  it("fills scalars and leaves out messages and members of a oneof", () => {
    const empty = decode(everything, new Uint8Array());
    assert.equal(empty.id, 0);
    assert.deepEqual(empty.names, []);
    assert.ok(!("inner" in empty) && !("choice" in empty));
    assert.deepEqual(decode(Compare, encode(Compare, { modRevision: 0 })).modRevision, 0);
    assert.ok(!("modRevision" in decode(Compare, encode(Compare, { version: 1 }))));
  });

  it("keeps empty messages in maps, and __proto__ as a key", () => {
    const bytes = encode(everything, {
      byName: { a: {} },
      labels: JSON.parse('{"__proto__":"x"}') as Record<string, string>,
    });
    const back = decode(everything, bytes);
    assert.equal(back.byName["a"]?.text, "");
    assert.deepEqual(Object.entries(back.labels), [["__proto__", "x"]]);
  });

  it("reads lists packed or not, skips unknown fields and groups, merges pieces", () => {
    assert.deepEqual(decode(everything, Buffer.from("480348044a020506", "hex")).numbers, [3, 4, 5, 6]);
    assert.equal(decode(everything, Buffer.from(`${"8b7d"}${"0801"}${"8c7d"}${"0807"}`, "hex")).id, 7);
    const pieces = Buffer.concat([
      encode(everything, { inner: { id: 1 } }),
      encode(everything, { inner: { text: "b" } }),
    ]);
    const { inner } = decode(everything, pieces);
    assert.deepEqual([inner?.id, inner?.text], [1, "b"]);
  });

  it("refuses what is cut at any byte where a field is open", () => {
    const bytes = encode(everything, { text: "abc", inner: { data: Buffer.from("xyz") }, exact: 5 });
    const whole = new Set([0, 5, 12]);
    for (let cut = 0; cut < bytes.length; cut++) {
      const run = () => decode(everything, bytes.subarray(0, cut));
      if (whole.has(cut)) run();
      else assert.throws(run, { name: "ProtoError" }, `cut at ${cut}`);
    }
  });

  it("refuses endless nesting and endless numbers", () => {
    const writer = new Writer();
    for (let i = 0; i < 200; i++) {
      writer.uint32(writer.length);
      writer.tag(13, 2);
    }
    assert.throws(() => decode(everything, writer.finish()), /nested deeper/);
    assert.throws(() => new Reader(Buffer.alloc(20, 0xff)).uint64(), /longer than ten bytes/);
  });

  it("keeps etcd's lists of enums and lists of messages", () => {
    const request = { key: Buffer.from("/registry/"), startRevision: 2 ** 40, filters: [0, 1] };
    assert.deepEqual(decode(WatchCreateRequest, encode(WatchCreateRequest, request)).filters, [0, 1]);
    const kvs = [{ key: Buffer.from("a"), value: Buffer.alloc(5000, 1), modRevision: 7 }, { key: Buffer.from("b") }];
    const back = decode(RangeResponse, encode(RangeResponse, { kvs, count: 2 }));
    assert.equal(back.kvs[0]?.value.length, 5000);
    assert.equal(back.kvs[1]?.modRevision, 0);
  });
});
