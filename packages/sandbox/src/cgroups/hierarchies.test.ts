import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseMounts } from "../namespaces/mounts.ts";
import { cgroupFolders, findHierarchies } from "./hierarchies.ts";

const HYBRID = `31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime shared:3 - cgroup cgroup rw,cpu,cpuacct
35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory
40 31 0:37 / /sys/fs/cgroup/systemd rw,relatime - cgroup cgroup rw,xattr,name=systemd
41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw
`;
const UNIFIED = "29 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n";

describe("findHierarchies", () => {
  it("takes version 1 where it is mounted, also beside a bare version 2", () => {
    const found = findHierarchies(parseMounts(HYBRID));
    assert.deepEqual(found, {
      version: 1,
      roots: [
        "/sys/fs/cgroup/cpu,cpuacct",
        "/sys/fs/cgroup/memory",
        "/sys/fs/cgroup/systemd",
        "/sys/fs/cgroup/unified",
      ],
    });
  });

  it("takes version 2 alone", () => {
    const found = findHierarchies(parseMounts(UNIFIED)) ?? assert.fail("nothing found");
    assert.equal(found.version, 2);
    assert.deepEqual(cgroupFolders(found, "/kubets/a"), ["/sys/fs/cgroup/kubets/a"]);
  });

  it("finds none where none is", () => assert.equal(findHierarchies([]), undefined));
});
