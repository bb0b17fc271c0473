import assert from "node:assert/strict";
import { test } from "node:test";
import { decode } from "./decode.ts";
import { goldenPairs, sharedFolder } from "./golden.fixture.ts";
import { encodeJson } from "./json.ts";
import { decodeEnvelope, decodeProtobuf, encodeProtobuf } from "./protobuf.ts";

const skip = sharedFolder ? false : "the folder of facts is not beside the repository";

test("every kind with all its fields: JSON stays JSON, and becomes the original's protobuf and back", { skip }, () => {
  let pairs = 0;
  for (const { name, struct, json, protobuf } of goldenPairs()) {
    const { object, unknown } = decode(struct, JSON.parse(json));
    assert.deepEqual(unknown, [], name);
    assert.equal(encodeJson(object), json, name);
    assert.equal(encodeProtobuf(struct, object).toString("hex"), protobuf.toString("hex"), name);
    assert.equal(encodeJson(decodeProtobuf(struct, decodeEnvelope(protobuf))), json, name);
    pairs++;
  }
  assert.ok(pairs >= 100, `only ${pairs} pairs were found`);
});
