import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { withLinks } from "./html-links.ts";

const rewrite = (url: string) => (url.startsWith("/") ? `/proxy${url}` : url);

async function read(page: string, size = page.length): Promise<string> {
  const parts = Array.from({ length: Math.ceil(page.length / size) }, (_, i) =>
    Buffer.from(page.slice(i * size, (i + 1) * size), "latin1"),
  );
  const source = (async function* () {
    yield* parts;
  })();
  return Buffer.concat(await Array.fromAsync(withLinks(source, rewrite))).toString("latin1");
}

describe("links of a page", () => {
  for (const [page, wanted] of [
    ['<a href="/x">t</a>', '<a href="/proxy/x">t</a>'],
    ["<A class=b HREF='/x' >t</A>", "<A class=b HREF='/proxy/x' >t</A>"],
    ["<img src=/x.png>", "<img src=/proxy/x.png>"],
    ['<a href="x" title="/x">', '<a href="x" title="/x">'],
    ['<p href="/x">1 < 2 and </p>', '<p href="/x">1 < 2 and </p>'],
    ['<!-- <a href="/x"> --><a href="/y">', '<!-- <a href="/x"> --><a href="/proxy/y">'],
    [
      '<script src="/s.js">w("<a href=\'/x\'>")</SCRIPT ><a href="/y">',
      '<script src="/proxy/s.js">w("<a href=\'/x\'>")</SCRIPT ><a href="/proxy/y">',
    ],
    ['<form action="/a>b">', '<form action="/proxy/a>b">'],
    ["\xff\xfe<b>\xe4", "\xff\xfe<b>\xe4"],
    ['<a href="/x', '<a href="/x'],
  ] as const)
    it(page, async () => {
      assert.equal(await read(page), wanted);
      // However it is cut.
      for (const size of [1, 2, 3, 7]) assert.equal(await read(page, size), wanted, `in parts of ${size}`);
    });

  it("what begins ever more tags and ends none passes as it is", async () => {
    for (const start of ["<a '", "<a", "<script>", "<!--"]) {
      const page = start.repeat(100_000);
      assert.equal(await read(page, 65_536), page);
    }
  });
});
