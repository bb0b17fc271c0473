/** What happens to a request that met a rule. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Ingress } from "@kubets/api/generated/types/networking-v1";
import { type IngressOptions, ingressObject } from "../testing/fixture.ts";
import { compileIngress } from "./compile.ts";
import { type Decision, decide, type Facts } from "./decide.ts";
import { comparablePath } from "./request-path.ts";
import { RouteTable } from "./route-table.ts";

interface Asked extends Partial<Facts> {
  readonly url?: string;
}

function decision(all: readonly IngressOptions[], { url = "/", ...facts }: Asked = {}): Decision {
  const table = new RouteTable();
  for (const options of all) {
    const ingress = compileIngress(ingressObject({ host: "a.test", ...options }) as unknown as Ingress);
    table.set(ingress.key, ingress);
  }
  const path = comparablePath(url) ?? "";
  return decide(table.find("a.test", path), {
    method: "GET",
    isSecure: false,
    host: "a.test",
    target: url,
    path,
    peer: "10.0.0.1",
    headers: [],
    bodyBytes: 0,
    httpsPort: 443,
    chance: 0.5,
    ...facts,
  });
}

const with_ = (annotations: Record<string, string>, asked: Asked = {}, more: IngressOptions = {}) =>
  decision([{ annotations, ...more }], asked);
const passedTo = (decided: Decision) => (decided.kind === "pass" ? decided.target : `${decided.status}`);
const answered = (decided: Decision) => (decided.kind === "answer" ? [decided.status, ...decided.headers] : ["passed"]);

describe("rewriting", () => {
  const path = "/app(/|$)(.*)";
  const rewrite = (url: string, target = "/$2", written = path) =>
    passedTo(
      with_({ "rewrite-target": target }, { url }, { paths: [{ path: written, type: "ImplementationSpecific" }] }),
    );

  for (const [url, expected] of Object.entries({
    "/app": "/",
    "/app/": "/",
    "/app/a/b?c=d": "/a/b?c=d",
    "/APP/a": "/a",
    "/app/a%20b": "/a%20b",
    "/app/%3F": "/%3F",
    "/app/../app/x": "/x",
  }))
    it(`${url} becomes ${expected}`, () => assert.equal(rewrite(url), expected));

  it("without groups the whole path is replaced", () =>
    assert.equal(rewrite("/app/x?y", "/other", "/app"), "/other?y"));
  it("a target with a query takes the client's behind it", () =>
    assert.equal(rewrite("/app/x?y=1", "/z?q=$2"), "/z?q=x&y=1"));
  it("without a rewrite a target stays as it was written", () =>
    assert.equal(passedTo(with_({}, { url: "/a%2fb//c?d" })), "/a%2fb//c?d"));
});

describe("redirects", () => {
  const tls = [{ hosts: ["a.test"], secretName: "s" }];

  it("to TLS, where the host has it", () => {
    assert.deepEqual(answered(with_({}, { url: "/x?y" }, { tls })), [308, "Location", "https://a.test/x?y"]);
    assert.deepEqual(answered(with_({}, { host: "a.test:8080", httpsPort: 8443 }, { tls })), [
      308,
      "Location",
      "https://a.test:8443/",
    ]);
    assert.deepEqual(answered(with_({}, { isSecure: true }, { tls })), ["passed"]);
    assert.deepEqual(answered(with_({ "ssl-redirect": "false" }, {}, { tls })), ["passed"]);
    assert.deepEqual(answered(with_({})), ["passed"]);
  });

  it("to TLS that somebody else ends, when forced", () => {
    const forced = { "force-ssl-redirect": "true" };
    assert.deepEqual(answered(with_(forced)), [308, "Location", "https://a.test/"]);
    assert.deepEqual(answered(with_(forced, { headers: ["X-Forwarded-Proto", "https"] })), ["passed"]);
  });

  it("for good, for now, and to the root of the application", () => {
    assert.deepEqual(answered(with_({ "permanent-redirect": "https://b.test$request_uri" }, { url: "/x?y" })), [
      301,
      "Location",
      "https://b.test/x?y",
    ]);
    assert.deepEqual(answered(with_({ "permanent-redirect": "https://b.test", "permanent-redirect-code": "308" })), [
      308,
      "Location",
      "https://b.test",
    ]);
    assert.deepEqual(answered(with_({ "temporal-redirect": "/later" })), [302, "Location", "/later"]);
    assert.deepEqual(answered(with_({ "app-root": "/app" })), [302, "Location", "/app"]);
    assert.deepEqual(answered(with_({ "app-root": "/app" }, { url: "/x" })), ["passed"]);
  });
});

describe("who is let in", () => {
  it("by address", () => {
    const only = { "whitelist-source-range": "10.0.0.0/8,192.0.2.1" };
    for (const [peer, status] of [
      ["10.1.2.3", "passed"],
      ["::ffff:10.1.2.3", "passed"],
      ["192.0.2.1", "passed"],
      ["192.0.2.2", 403],
      ["fd00::1", 403],
    ] as const)
      assert.equal(answered(with_(only, { peer }))[0], status, peer);
    assert.equal(answered(with_({ "denylist-source-range": "10.0.0.0/8" }))[0], 403);
  });

  it("by the size of what it brings", () => {
    assert.equal(answered(with_({ "proxy-body-size": "8m" }, { bodyBytes: 8 << 20 }))[0], "passed");
    assert.equal(answered(with_({ "proxy-body-size": "8m" }, { bodyBytes: (8 << 20) + 1 }))[0], 413);
    assert.equal(answered(with_({ "proxy-body-size": "0" }, { bodyBytes: 1e12 }))[0], "passed");
    assert.equal(answered(with_({}, { bodyBytes: 2 << 20 }))[0], 413);
  });
});

describe("other origins", () => {
  const cors = { "enable-cors": "true" };

  it("are answered here when they ask what is allowed", () => {
    const [status, ...headers] = answered(with_(cors, { method: "OPTIONS", headers: ["Origin", "https://b.test"] }));
    assert.equal(status, 204);
    assert.equal(headers[headers.indexOf("Access-Control-Allow-Origin") + 1], "*");
    assert.equal(
      headers[headers.indexOf("Access-Control-Allow-Methods") + 1],
      "GET, PUT, POST, DELETE, PATCH, OPTIONS",
    );
  });

  it("are told by name when they are named, and not when others are", () => {
    const named = { ...cors, "cors-allow-origin": "https://b.test, https://*.c.test" };
    const told = (origin: string) => {
      const decided = with_(named, { headers: ["Origin", origin] });
      return decided.headers[decided.headers.indexOf("Access-Control-Allow-Origin") + 1];
    };
    assert.equal(told("https://b.test"), "https://b.test");
    assert.equal(told("https://x.c.test"), "https://x.c.test");
    for (const origin of ["https://x.y.c.test", "https://evil.test", "https://c.test", "https://evil.test/.c.test"])
      assert.deepEqual(with_(named, { headers: ["Origin", origin] }).headers, [], origin);
  });
});

describe("canaries", () => {
  const chosen = (annotations: Record<string, string>, asked: Asked) => {
    const decided = decision(
      [{ name: "main" }, { name: "new", annotations: { canary: "true", ...annotations }, paths: [{ service: "new" }] }],
      asked,
    );
    return decided.kind === "pass" ? decided.route.backend?.service.split("/")[1] : "";
  };

  it("by weight", () => {
    assert.equal(chosen({ "canary-weight": "50" }, { chance: 0.49 }), "new");
    assert.equal(chosen({ "canary-weight": "50" }, { chance: 0.5 }), "web");
    assert.equal(chosen({ "canary-weight": "50", "canary-weight-total": "1000" }, { chance: 0.06 }), "web");
  });

  it("by header, then by cookie, then by weight", () => {
    const all = { "canary-by-header": "X-New", "canary-by-cookie": "new", "canary-weight": "100" };
    assert.equal(chosen(all, { headers: ["x-new", "never", "cookie", "new=always"] }), "web");
    assert.equal(chosen({ ...all, "canary-weight": "0" }, { headers: ["x-new", "always"] }), "new");
    assert.equal(chosen(all, { headers: ["cookie", "a=b; new=never"] }), "web");
    assert.equal(chosen(all, {}), "new");
    assert.equal(
      chosen({ "canary-by-header": "X-New", "canary-by-header-value": "yes" }, { headers: ["x-new", "yes"] }),
      "new",
    );
    assert.equal(
      chosen({ "canary-by-header": "X-New", "canary-by-header-pattern": "v[0-9]" }, { headers: ["x-new", "v3"] }),
      "new",
    );
  });
});
