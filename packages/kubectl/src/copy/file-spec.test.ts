import assert from "node:assert/strict";
import { it } from "node:test";
import { cleanRemote, parseFileSpec, placeOf } from "./file-spec.ts";

it("the ends of a copy are read", () => {
  assert.deepEqual(parseFileSpec("./a:b".slice(0, 3)), { namespace: "", pod: "", path: "./a" });
  assert.deepEqual(parseFileSpec("web:/x"), { namespace: "", pod: "web", path: "/x" });
  assert.deepEqual(parseFileSpec("ns/web:x:y"), { namespace: "ns", pod: "web", path: "x:y" });
  for (const wrong of [":/x", "a/b/c:d"]) assert.throws(() => parseFileSpec(wrong), /canonical format/);
});

it("a path of a container stays in it", () => {
  for (const [written, clean] of [
    ["/a/../b/", "/b"],
    ["../../a", "a"],
    ["./x", "x"],
    ["/", "/"],
  ] as const)
    assert.equal(cleanRemote(written), clean);
});

it("an entry of the archive does not leave the place that was named", () => {
  assert.equal(placeOf("tmp/a", "/tmp/a"), "./");
  assert.equal(placeOf("tmp/a/b/c", "/tmp/a"), "b/c");
  assert.equal(placeOf("tmp/a/../../../etc/passwd", "/tmp/a"), undefined);
  assert.throws(() => placeOf("etc/passwd", "/tmp/a"), /tar contents corrupted/);
});
