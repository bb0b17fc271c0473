/** Methods that a path does not have. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { customresourcedefinitions } from "@kubets/api/generated/refs";
import type { Status } from "@kubets/machinery";
import { startTestServer } from "./testing/server.ts";
import { definitionOfThings, untilServed } from "./testing/things.ts";

test("what is done to one object is not done to a collection, nor the other way round", async (t) => {
  const { admin, server, close } = await startTestServer();
  t.after(close);
  await admin.create(customresourcedefinitions, definitionOfThings());
  await untilServed(server);
  const transport = server.transport({ name: "admin", groups: ["system:masters"] });
  const refusal = async (method: string, path: string) => {
    const headers = { "content-type": "application/merge-patch+json" };
    const { object, bytes } = await transport.request({ method, path, headers, object: {} });
    const { code, message } = (object?.() ?? JSON.parse(Buffer.from(await bytes()).toString())) as Status;
    return `${code} ${message}`;
  };
  for (const [method, path] of [
    ["PUT", "/api/v1/namespaces/default/configmaps"],
    ["PATCH", "/api/v1/namespaces/default/configmaps"],
    ["PUT", "/api/v1/namespaces"],
    ["POST", "/api/v1/namespaces/default/configmaps/a"],
    ["POST", "/apis"],
    ["DELETE", "/api/v1"],
  ] as const)
    assert.equal(
      await refusal(method, path),
      "405 the server does not allow this method on the requested resource",
      `${method} ${path}`,
    );
  for (const method of ["PUT", "PATCH"])
    assert.equal(await refusal(method, "/apis/example.com/v1/things"), "400 name must be provided", method);
});
