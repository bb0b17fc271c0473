import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseJournal } from "./journal.ts";
import { clusterPlace } from "./place.ts";

describe("parseJournal", () => {
  it("passes over a line that a crash cut short", () => {
    const text = '{"kind":"host-folder","path":"/a","boot":"b"}\n{"kind":"process","pid":1';
    assert.deepEqual(parseJournal(text), [{ kind: "host-folder", path: "/a", boot: "b" }]);
  });
});

describe("clusterPlace", () => {
  it("names everything after the cluster", () => {
    const place = clusterPlace("my-dev", "/data/my-dev/");
    assert.equal(place.folder, "/data/my-dev");
    assert.equal(place.table, "kubets_my_dev");
    assert.equal(place.cgroup, "/kubets/my-dev");
    assert.ok(place.link.length <= 15, "the kernel takes 15 letters");
  });

  it("refuses names that are no file names", () => {
    for (const name of ["", "..", "a/b", "A", "-a", "a".repeat(33)])
      assert.throws(() => clusterPlace(name, "/x"), /cannot be the name/);
  });
});
