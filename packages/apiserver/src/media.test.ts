import assert from "node:assert/strict";
import { test } from "node:test";
import { answerForm } from "./media.ts";

const TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io";
const OFFER = { isCustom: false, cbor: false };
const accepted: [string, string][] = [
  ["*/*", "json"],
  ["application/json;q=0.5, application/yaml;q=0.9", "yaml"],
  ["application/xml, application/json", "json"],
  [`${TABLE},application/json`, "json;Table;v1"],
  ["application/vnd.kubernetes.protobuf", "protobuf"],
];
for (const [accept, key] of accepted)
  test(accept, () => assert.equal(answerForm(accept, undefined, null, OFFER).key, key));

const OFFERED = "application/json, application/yaml, application/vnd.kubernetes.protobuf";
const refused: [string, string][] = [
  ["text/html", `406: Not Acceptable\n\nAvailable representations: ${OFFERED}`],
  ["application/*", `406: Not Acceptable\n\nAvailable representations: ${OFFERED}`],
  ["application/json;as=Nonsense;v=v1;g=meta.k8s.io", `only the following media types are accepted: ${OFFERED}`],
];
for (const [accept, message] of refused)
  test(`${accept} is refused`, () => assert.throws(() => answerForm(accept, undefined, null, OFFER), { message }));
