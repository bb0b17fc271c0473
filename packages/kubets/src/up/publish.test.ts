import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parsePublish } from "./publish.ts";

describe("--publish", () => {
  it("leads to a service, or to the ingress", () => {
    assert.deepEqual(parsePublish(["8080:80/web", "9090:90/api.shop", "80:80", "8443:443"]), {
      services: [
        { hostPort: 8080, port: 80, name: "web", namespace: "default" },
        { hostPort: 9090, port: 90, name: "api", namespace: "shop" },
      ],
      ingress: [
        { hostPort: 80, isSecure: false },
        { hostPort: 8443, isSecure: true },
      ],
    });
  });

  it("says what would do", () => {
    for (const text of ["8080", "8080:81", "x:80", "70000:80", "8080:80/", "8080:80/a.b.c"])
      assert.throws(() => parsePublish([text]), /expected HOSTPORT:PORT\/SERVICE or .* for the ingress/);
  });
});
