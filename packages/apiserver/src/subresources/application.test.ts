import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { deflateSync, gunzipSync, gzipSync, inflateSync } from "node:zlib";
import { linkThrough, pageRewriting, sentQuery } from "./application.ts";

describe("an application's link, seen through the server", () => {
  const prefix = "/api/v1/namespaces/a/pods/p/proxy";
  const through = (link: string) => linkThrough(link, prefix, ["10.0.0.1:8080", "server:6443"]);
  for (const [link, wanted] of [
    ["/x?a=b#c", `${prefix}/x?a=b#c`],
    ["/", `${prefix}/`],
    ["http://10.0.0.1:8080/x", `${prefix}/x`],
    ["//10.0.0.1:8080/x", `${prefix}/x`],
    ["https://server:6443/x", `${prefix}/x`],
  ] as const)
    it(`leads through it: ${link}`, () => assert.equal(through(link), wanted));
  for (const link of ["x", "../x", "#c", "", "mailto:a@b", "http://elsewhere/x", `${prefix}/x`])
    it(`stays as it is: ${link}`, () => assert.equal(through(link), link));
});

describe("an application's pages", () => {
  const page = Buffer.from('<a href="/x">');
  const same = (bytes: Uint8Array) => bytes;
  for (const [encoding, pack, unpack] of [
    [undefined, same, same],
    ["gzip", gzipSync, gunzipSync],
    ["deflate", deflateSync, inflateSync],
  ] as const)
    it(`have their links changed, in the encoding ${encoding}`, async () => {
      const headers = { "content-type": "text/html; charset=utf-8", ...(encoding && { "content-encoding": encoding }) };
      const parts = (async function* () {
        yield Buffer.from(pack(page));
      })();
      const changed = pageRewriting(headers, (url) => `/proxy${url}`)?.(parts);
      assert.ok(changed);
      const text = Buffer.from(unpack(Buffer.concat(await Array.fromAsync(changed)))).toString();
      assert.equal(text, '<a href="/proxy/x">');
    });

  it("are no other types, nor what cannot be read", () => {
    assert.equal(pageRewriting({ "content-type": "text/plain" }, String), undefined);
    assert.equal(pageRewriting({ "content-type": "text/html", "content-encoding": "br" }, String), undefined);
  });
});

describe("the query that an application is sent", () => {
  for (const [url, wanted] of [
    ["/a/proxy/set?entry", "?entry"],
    ["/a/proxy/set?a=%20+b&&c=", "?a=%20+b&&c="],
    ["/a/proxy/?a?b", "?a?b"],
    ["/a/proxy/?", ""],
    ["/a/proxy/", ""],
  ] as const)
    it(`is that of ${url}`, () => assert.equal(sentQuery(url), wanted));
});
