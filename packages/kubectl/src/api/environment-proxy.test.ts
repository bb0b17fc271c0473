import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { environmentProxy } from "./environment-proxy.ts";

const SERVER = "https://api.example.com:6443";
const PROXY = "http://proxy:3128";

describe("the proxy of the environment", () => {
  const cases: readonly [what: string, server: string, env: Record<string, string>, found: string | undefined][] = [
    ["is none", SERVER, {}, undefined],
    ["is that for HTTPS", SERVER, { HTTPS_PROXY: PROXY, HTTP_PROXY: "http://other" }, PROXY],
    ["may be written small", SERVER, { https_proxy: PROXY }, PROXY],
    ["is that for HTTP", "http://api.example.com", { HTTPS_PROXY: PROXY }, undefined],
    ["needs no scheme", SERVER, { HTTPS_PROXY: "proxy:3128" }, PROXY],
    ["may speak SOCKS", SERVER, { HTTPS_PROXY: "socks5://proxy" }, "socks5://proxy"],
    ["is not for this machine's name", "https://localhost:6443", { HTTPS_PROXY: PROXY }, undefined],
    ["is not for this machine's addresses", "https://127.0.0.1:6443", { HTTPS_PROXY: PROXY }, undefined],
    ["is not for this machine's IPv6 address", "https://[::1]:6443", { HTTPS_PROXY: PROXY }, undefined],
  ];
  for (const [what, server, env, found] of cases) it(what, () => assert.equal(environmentProxy(server, env), found));

  const leftOut: readonly [list: string, server: string, isLeftOut: boolean][] = [
    ["*", SERVER, true],
    ["other.com, api.example.com", SERVER, true],
    ["example.com", SERVER, true],
    ["ample.com", SERVER, false],
    [".example.com", SERVER, true],
    ["*.example.com", SERVER, true],
    [".api.example.com", SERVER, false],
    ["example.com:6443", SERVER, true],
    ["example.com:443", SERVER, false],
    ["10.0.0.0/8", "https://10.1.2.3", true],
    ["10.0.0.0/8", "https://11.1.2.3", false],
    ["10.1.2.3", "https://10.1.2.3", true],
    ["10.1.2.3:443", "https://10.1.2.3", true],
    ["10.1.2.3:8443", "https://10.1.2.3", false],
    ["fd00::1", "https://[fd00::1]:6443", true],
    ["[fd00::1]:6443", "https://[fd00::1]:6443", true],
    ["", SERVER, false],
  ];
  for (const [list, server, isLeftOut] of leftOut)
    it(`${isLeftOut ? "is not" : "is"} for ${server} beside NO_PROXY=${list}`, () =>
      assert.equal(environmentProxy(server, { HTTPS_PROXY: PROXY, NO_PROXY: list }), isLeftOut ? undefined : PROXY));

  it("must be one", () =>
    assert.throws(() => environmentProxy(SERVER, { HTTPS_PROXY: "ftp://proxy" }), /HTTPS_PROXY must be such as http:/));
});
