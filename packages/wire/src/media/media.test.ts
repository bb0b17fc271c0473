import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { negotiator, parseAccept, parseMediaType } from "../media.ts";

const json = { type: "application", subtype: "json" };
const yaml = { type: "application", subtype: "yaml" };
const protobuf = { type: "application", subtype: "vnd.kubernetes.protobuf" };

describe("media types", () => {
  it("are parsed with their parameters", () => {
    assert.deepEqual(parseMediaType('Application/JSON; charset="utf-8; x"; AS=Table'), {
      type: "application",
      subtype: "json",
      parameters: { charset: "utf-8; x", as: "Table" },
      q: 1,
    });
    for (const bad of ["", "json", "a/", "/b", "a/b/c"]) assert.equal(parseMediaType(bad), undefined, bad);
  });

  it("are ordered by preference, then from special to general", () => {
    const order = parseAccept("*/*, text/*, a/b;q=0.5, c/d, e/f;q=0, g/h;q=2").map(({ type }) => type);
    assert.deepEqual(order, ["c", "g", "text", "*", "a"]);
  });
});

describe("the choice among media types", () => {
  const choose = negotiator([json, yaml, protobuf], (_, { parameters }) => parameters["as"] !== "Unknown");

  it("follows the client", () => {
    assert.equal(choose(undefined)?.offer, json);
    assert.equal(choose("")?.offer, json);
    assert.equal(choose("*/*")?.offer, json);
    assert.equal(choose("application/yaml")?.offer, yaml);
    assert.equal(choose("application/json;q=0.1, application/vnd.kubernetes.protobuf")?.offer, protobuf);
    assert.equal(choose("text/html,application/*;q=0.9")?.offer, json);
    assert.equal(choose("text/html"), undefined);
  });

  it("gives kubectl its table, and falls back where the server does not know what is asked", () => {
    const kubectl =
      "application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json";
    assert.deepEqual(choose(kubectl)?.accepted.parameters, { as: "Table", v: "v1", g: "meta.k8s.io" });
    assert.deepEqual(choose("application/json;as=Unknown,application/json")?.accepted.parameters, {});
    assert.equal(choose(kubectl), choose(kubectl), "remembered");
  });
});
