import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { pod } from "@kubets/api/testing/pod-builder";
import { silentLogger } from "@kubets/machinery";
import { podCgroups } from "./pod-cgroups.ts";

for (const version of [1, 2] as const)
  test(`of version ${version}: all pods are held together, their classes weighed, a pod set by itself`, async (t) => {
    const mountpoint = mkdtempSync(join(tmpdir(), "cgroup-"));
    t.after(() => rmSync(mountpoint, { recursive: true }));
    if (version === 2) writeFileSync(join(mountpoint, "cgroup.controllers"), "cpu memory pids\n");
    else for (const name of ["cpu", "memory", "pids"]) mkdirSync(join(mountpoint, name));
    const options = { root: "/node", driver: "cgroupfs", log: silentLogger, mountpoint } as const;
    const cgroups = podCgroups({ ...options, cpuPeriodUs: 10_000, pidsLimit: 64 });
    const at = (path: string, v1: string, v2: string) =>
      readFileSync(
        join(
          mountpoint,
          version === 2 ? `node/kubepods/${path}${v2}` : `${v1.split(".")[0]}/node/kubepods/${path}${v1}`,
        ),
        "utf8",
      );

    await cgroups.hold({ cpuShares: 2048, memoryBytes: 1024 });
    assert.equal(at("", "memory.limit_in_bytes", "memory.max"), "1024");

    const small = pod("a").uid("u-1").requests({ cpu: "100m" }).limits({ cpu: "500m" }).build();
    const none = pod("b").uid("u-2").build();
    await cgroups.weigh([small, none]);
    assert.equal(at("burstable/", "cpu.shares", "cpu.weight"), version === 2 ? "4" : "102");
    assert.equal(at("besteffort/", "cpu.shares", "cpu.weight"), version === 2 ? "1" : "2");
    await cgroups.weigh([none]);
    assert.equal(at("burstable/", "cpu.shares", "cpu.weight"), version === 2 ? "1" : "2");

    await cgroups.ensure(small);
    assert.equal(at("burstable/podu-1/", "pids.max", "pids.max"), "64");
    if (version === 2) assert.equal(at("burstable/podu-1/", "", "cpu.max"), "5000 10000");
    else assert.equal(at("burstable/podu-1/", "cpu.cfs_quota_us", ""), "5000");
    await podCgroups(options).ensure({ ...small, metadata: { ...small.metadata, uid: "u-3" } });
    assert.throws(() => at("burstable/podu-3/", "cpu.cfs_quota_us", "cpu.max"), { code: "ENOENT" });
  });
