/** Fields that a kind does not have, in the metadata of an object, are refused to who asks for strictness. */
import assert from "node:assert/strict";
import { behaviour } from "../behaviour.ts";

behaviour(
  "[sig-api-machinery] FieldValidation should detect unknown metadata fields of a typed object [Conformance]",
  { on: "api" },
  async (t) => {
    const labels = { app: "strict" };
    const body = {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "strict", unknownMetadata: "x" },
      spec: {
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { containers: [{ name: "c", image: t.images.pause }] } },
      },
    };
    const path = `/apis/apps/v1/namespaces/${t.namespace}/deployments`;
    const refused = await t.request("POST", `${path}?fieldValidation=Strict`, body);
    assert.equal(refused.status, 400, refused.text);
    assert.match(refused.json.message as string, /strict decoding error: unknown field "metadata\.unknownMetadata"/);
    const warned = await t.request("POST", `${path}?fieldValidation=Warn&dryRun=All`, body);
    assert.equal(warned.status, 201, warned.text);
    assert.match(String(warned.headers["warning"]), /unknown field/);
  },
);
