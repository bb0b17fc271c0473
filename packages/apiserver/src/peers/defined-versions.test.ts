import assert from "node:assert/strict";
import { test } from "node:test";
import { apiservices, customresourcedefinitions } from "@kubets/api/generated/refs";
import { startTestServer } from "../testing/server.ts";
import { DefinedVersions } from "./defined-versions.ts";

const MINUTE = 60_000;

test("what people define is known, and for a while after it is gone; what the server has itself is not meant", async () => {
  const { server, admin, clock, close } = await startTestServer();
  let changes = 0;
  const defined = new DefinedVersions(server.context.served, clock, () => changes++);
  const has = (groupVersion: string) => {
    const [group = "", version = ""] = groupVersion.split("/");
    return defined.has(group, version);
  };
  const schema = { openAPIV3Schema: { type: "object" } };
  await admin.create(customresourcedefinitions, {
    metadata: { name: "figs.fruit.example" },
    spec: {
      group: "fruit.example",
      scope: "Namespaced",
      names: { plural: "figs", kind: "Fig" },
      versions: ["v1", "v2"].map((name) => ({ name, served: true, storage: name === "v1", schema })),
    },
  });
  const far = {
    metadata: { name: "v1.far.example" },
    spec: {
      group: "far.example",
      version: "v1",
      groupPriorityMinimum: 1000,
      versionPriority: 10,
      service: { namespace: "default", name: "far" },
      insecureSkipTLSVerify: true,
    },
  };
  await admin.create(apiservices, far);
  assert.deepEqual(["fruit.example/v1", "fruit.example/v2", "far.example/v1"].map(has), [true, true, true]);
  assert.deepEqual(["apps/v1", "fruit.example/v3"].map(has), [false, false]);
  assert.ok(changes > 0);

  const gone = () => admin.delete(apiservices, { name: "v1.far.example" });
  await gone();
  await clock.advance(3 * MINUTE);
  assert.ok(has("far.example/v1"));
  await admin.create(apiservices, far);
  await gone();
  await clock.advance(4 * MINUTE);
  assert.ok(has("far.example/v1"), "it is gone again, and for less than five minutes");
  changes = 0;
  await clock.advance(2 * MINUTE);
  assert.ok(!has("far.example/v1"));
  assert.equal(changes, 1);
  defined.stop();
  await close();
});
