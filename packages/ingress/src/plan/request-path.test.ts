import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { comparablePath, encodedPath } from "./request-path.ts";

describe("the path that rules are compared with", () => {
  for (const [target, path] of Object.entries({
    "/": "/",
    "/a/b?c=/../d": "/a/b",
    "/a//b///c/": "/a/b/c/",
    "/a/./b/../c": "/a/c",
    "/a/b/..": "/a/",
    "/a/..": "/",
    "/%61dmin": "/admin",
    "/a/%2e%2e/b": "/b",
    "/a%2f..%2fb": "/b",
    "/%e4%bd%a0": "/你",
    "/.hidden": "/.hidden",
  }))
    it(`${target}: ${path}`, () => assert.equal(comparablePath(target), path));

  for (const target of ["/..", "/a/../../b", "/%2e%2e", "/%", "/%zz", "/%00", "/%ff"])
    it(`${target} is none`, () => assert.equal(comparablePath(target), undefined));

  it("is written as a request line can hold it", () =>
    assert.equal(encodedPath("/a b?c#你%"), "/a%20b%3Fc%23%E4%BD%A0%25"));
});
