import assert from "node:assert/strict";
import { test } from "node:test";
import { pods } from "@kubets/api/generated/refs";
import { startTestServer } from "../testing/server.ts";

for (const isOn of [true, false])
  test(`histograms ${isOn ? "have native buckets" : "are as they were"} where NativeHistograms is ${isOn ? "on" : "off"}`, async () => {
    const cluster = await startTestServer({ off: isOn ? [] : ["NativeHistograms"] });
    await cluster.admin.list(pods);
    const families = cluster.server.context.metrics.registry.families();
    const seconds = families.find(({ name }) => name === "apiserver_request_duration_seconds");
    const schemas = [...(seconds?.messages() ?? [])].map(({ histogram }) => histogram?.schema);
    assert.ok(schemas.length > 0 && schemas.every((schema) => schema === (isOn ? 3 : undefined)));
    await cluster.close();
  });
