import assert from "node:assert/strict";
import { test } from "node:test";
import type { EndpointSlice } from "@kubets/api/generated/types/discovery-v1";
import { parseAnswer } from "./absent-lists.ts";

const slice = {
  kind: "EndpointSlice",
  apiVersion: "discovery.k8s.io/v1",
  metadata: { name: "a" },
  addressType: "IPv4",
  endpoints: null,
  ports: null,
};

test("a required list that is null reads as empty, and is written as null again", () => {
  const read = parseAnswer(JSON.stringify(slice)) as EndpointSlice;
  assert.deepEqual([...read.endpoints], []);
  assert.equal(JSON.parse(JSON.stringify(read)).endpoints, null);
});

test("in lists and watch events too", () => {
  const list = parseAnswer(
    JSON.stringify({
      kind: "EndpointSliceList",
      apiVersion: "discovery.k8s.io/v1",
      items: [{ ...slice, kind: undefined }],
    }),
  );
  assert.equal((list as { items: EndpointSlice[] }).items[0]?.endpoints.length, 0);
  const event = parseAnswer(JSON.stringify({ type: "ADDED", object: slice })) as { object: EndpointSlice };
  assert.equal(event.object.endpoints.length, 0);
});

test("other nulls, and kinds that are not known, stay as they are", () => {
  const pod = { kind: "Pod", apiVersion: "v1", status: { conditions: [{ type: "Ready", lastProbeTime: null }] } };
  assert.deepEqual(parseAnswer(JSON.stringify(pod)), pod);
  const custom = { kind: "Thing", apiVersion: "example.com/v1", spec: { list: null } };
  assert.deepEqual(parseAnswer(JSON.stringify(custom)), custom);
});
