import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { StatusError } from "@kubets/machinery";
import fc from "fast-check";
import { structOf } from "../schema.ts";
import { canonical } from "./canonical.ts";
import { encodeJson } from "./json.ts";
import {
  decodeEnvelope,
  decodeProtobuf,
  encodeEnvelope,
  encodeList,
  encodeListItem,
  encodeMessage,
  encodeProtobuf,
  encodeProtobufEvent,
} from "./protobuf.ts";
import { randomObject } from "./random-object.fixture.ts";

const configMap = structOf("api.core.v1.ConfigMap");
const example = { kind: "ConfigMap", apiVersion: "v1", metadata: { name: "a" }, data: { b: "1", __proto__x: "2" } };

describe("protobuf", () => {
  for (const name of ["api.core.v1.Pod", "api.core.v1.Service", "api.apps.v1.Deployment", "api.core.v1.Event"]) {
    const struct = structOf(name);
    test(`a random ${name} comes back as it was`, () => {
      fc.assert(
        fc.property(randomObject(struct), (random) => {
          const object = canonical(struct, random);
          delete object["kind"];
          delete object["apiVersion"];
          const back = decodeProtobuf(struct, { apiVersion: "", kind: "", raw: encodeMessage(struct, object) });
          assert.equal(encodeJson(back), encodeJson(object));
        }),
        { numRuns: 60 },
      );
    });
  }

  test("writes scalars that are no pointers even when zero, and nothing for absent pointers", () => {
    const port = encodeMessage(structOf("api.core.v1.ContainerPort"), { containerPort: 80 });
    assert.equal(port.toString("hex"), "0a00100018502200" + "2a00");
    const reference = encodeMessage(structOf("api.core.v1.ConfigMapKeySelector"), { key: "k" });
    assert.equal(reference.toString("hex"), "0a020a0012016b");
  });

  test("a list is made of its items' messages", () => {
    const items = ["a", "b"].map((name) => encodeListItem(configMap, { metadata: { name } }));
    const type = { apiVersion: "v1", kind: "ConfigMapList" };
    const list = encodeList(type, { resourceVersion: "5" }, Buffer.concat(items));
    const object = decodeProtobuf(structOf("api.core.v1.ConfigMapList"), decodeEnvelope(Buffer.concat(list)));
    assert.deepEqual(object, {
      kind: "ConfigMapList",
      apiVersion: "v1",
      metadata: { resourceVersion: "5" },
      items: [{ metadata: { name: "a" } }, { metadata: { name: "b" } }],
    });
  });

  test("a watch event is a frame around the object's envelope", () => {
    const frame = encodeProtobufEvent("ADDED", configMap, example);
    assert.equal(frame.readUInt32BE(0), frame.length - 4);
    const event = decodeProtobuf(structOf("apimachinery.pkg.apis.meta.v1.WatchEvent"), {
      apiVersion: "",
      kind: "",
      raw: frame.subarray(4),
    });
    assert.deepEqual(event, { type: "ADDED", object: canonical(configMap, example) });
  });

  test("what is broken is a bad request", () => {
    const bytes = encodeProtobuf(configMap, example);
    const isBadRequest = (error: unknown) => error instanceof StatusError && error.code === 400;
    assert.throws(() => decodeEnvelope(Buffer.from("{}")), isBadRequest);
    assert.throws(() => decodeEnvelope(bytes.subarray(0, 20)), isBadRequest);
    const raw = decodeEnvelope(bytes).raw.subarray(0, 9);
    const cut = decodeEnvelope(encodeEnvelope({ apiVersion: "v1", kind: "ConfigMap", raw }));
    assert.throws(() => decodeProtobuf(configMap, cut), isBadRequest);
    const quota = structOf("api.core.v1.ResourceQuota");
    const message = encodeProtobuf(quota, { spec: { hard: { cpu: "1000m" } } });
    const noQuantity = Buffer.from(message.toString("latin1").replace("1000m", "10,0m"), "latin1");
    assert.throws(() => decodeProtobuf(quota, decodeEnvelope(noQuantity)), isBadRequest);
  });

  test("a number or text is of 32 bits or text, whatever the message holds", () => {
    const port = structOf("api.core.v1.ServicePort");
    const read = (type: number, numberAndValue: string) => {
      const value = Buffer.from(`08${String(type).padStart(2, "0")}${numberAndValue}`, "hex");
      const raw = Buffer.concat([Buffer.from([0x22, value.length]), value]);
      return decodeProtobuf(port, { apiVersion: "", kind: "", raw })["targetPort"];
    };
    assert.equal(read(0, "1050"), 80);
    assert.equal(read(0, "10858080808020"), 5, "the lower half of 64 bits");
    assert.equal(read(1, "1a0161"), "a");
    assert.throws(() => read(1, "18858080808020"), { code: 400 }, "a number in the place of the text");
  });
});
