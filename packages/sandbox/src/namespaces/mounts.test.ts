import assert from "node:assert/strict";
import { it } from "node:test";
import { mountsBelow, parseMounts } from "./mounts.ts";

it("mounts are read with their escapes, and unmounted from the last to the first", () => {
  const mounts = parseMounts(
    "30 25 0:27 / /a\\040b rw shared:5 master:1 - tmpfs tmpfs rw\n31 30 0:28 / /a\\040b/c rw - ext4 /dev/x rw,discard\n32 25 0:29 / /a\\040bc rw - tmpfs t rw\n",
  );
  assert.deepEqual(
    mountsBelow(mounts, "/a b").map(({ path }) => path),
    ["/a b/c", "/a b"],
  );
  assert.deepEqual(mounts[1], { path: "/a b/c", type: "ext4", source: "/dev/x", options: ["rw", "discard"] });
});
