import assert from "node:assert/strict";
import { it } from "node:test";
import { filterOf } from "./filter.ts";

const flags = {
  "accept-hosts": "^localhost$,^127\\.0\\.0\\.1$,^\\[::1\\]$",
  "accept-paths": "^.*",
  "reject-paths": "^/api/.*/pods/.*/exec,^/api/.*/pods/.*/attach",
  "reject-methods": "^$",
};
const asked = { method: "GET", path: "/api/v1/pods", host: "localhost:8001" };

it("the proxy's filter knows hosts, methods and paths", () => {
  const filter = filterOf(flags);
  assert.ok(filter(asked));
  assert.ok(filter({ ...asked, host: "[::1]:8001" }));
  assert.ok(!filter({ ...asked, host: "evil.example:8001" }));
  assert.ok(!filter({ ...asked, host: "localhost.evil.example" }));
  assert.ok(!filter({ ...asked, path: "/api/v1/namespaces/a/pods/b/exec" }));
  const narrow = filterOf({ ...flags, "accept-paths": "^/version$", "reject-methods": "POST,PUT" });
  assert.ok(narrow({ ...asked, path: "/version" }));
  assert.ok(!narrow(asked));
  assert.ok(!narrow({ ...asked, path: "/version", method: "PUT" }));
  assert.throws(() => filterOf({ ...flags, "accept-hosts": "(" }), /error parsing regexp "\("/);
});
