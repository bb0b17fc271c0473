import assert from "node:assert/strict";
import { test } from "node:test";
import { queryInteger, readRequestInfo } from "./request-info.ts";

const cases: [string, string, object][] = [
  ["GET", "/api/v1/namespaces/a/pods/b", { verb: "get", namespace: "a", resource: "pods", name: "b" }],
  ["GET", "/api/v1/namespaces/a/pods/b?watch=1", { verb: "get" }],
  ["GET", "/api/v1/pods?watch=true", { verb: "watch", resource: "pods", namespace: "", name: "" }],
  ["GET", "/api/v1/watch/pods", { verb: "watch", resource: "pods" }],
  ["GET", "/api/v1/nodes?fieldSelector=metadata.name%3Dn1", { verb: "list", name: "n1" }],
  ["DELETE", "/apis/apps/v1/namespaces/a/deployments", { verb: "deletecollection", group: "apps", version: "v1" }],
  ["PUT", "/api/v1/namespaces/a/status", { verb: "update", resource: "namespaces", name: "a", subresource: "status" }],
  ["POST", "/api/v1/namespaces/a/pods/b/proxy/x/y", { verb: "create", subresource: "proxy", rest: "/x/y" }],
  ["GET", "/healthz", { verb: "get", isResource: false }],
];
for (const [method, url, expected] of cases)
  test(`${method} ${url}`, () => {
    const info = readRequestInfo(method, url) as unknown as Record<string, unknown>;
    assert.deepEqual(Object.fromEntries(Object.keys(expected).map((name) => [name, info[name]])), expected);
  });

test("numbers of a query", () => {
  const ask = (text: string) => queryInteger(new URLSearchParams(text), "limit");
  assert.equal(ask(""), undefined);
  assert.equal(ask("limit=5"), 5);
  assert.throws(() => ask("limit="), { message: 'strconv.ParseInt: parsing "": invalid syntax' });
  assert.throws(() => ask("limit=99999999999999999999"), {
    message: 'strconv.ParseInt: parsing "99999999999999999999": value out of range',
  });
});
