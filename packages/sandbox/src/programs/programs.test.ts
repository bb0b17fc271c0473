import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { hasCapability } from "./capabilities.ts";
import { findPrograms, parseVersion } from "./find.ts";
import { withoutServices } from "./install.ts";
import { missing } from "./missing.ts";

describe("missing", () => {
  it("names the packages of a bare machine, each once", async () => {
    const found = missing(await findPrograms(["/nowhere"], ["/nowhere"]));
    assert.ok(found.programs.includes("CNI plugins"));
    assert.equal(found.packages.filter((name) => name === "containerd").length, 1);
    assert.ok(found.packages.includes("busybox-static"));
  });

  it("wants nothing when only an optional program is missing", () => {
    const names = ["containerd", "ctr", "runc", "nft", "ip", "nsenter", "unshare", "mount", "iptables", "busybox"];
    const paths = Object.fromEntries(names.map((name) => [name, `/bin/${name}`]));
    assert.deepEqual(missing({ paths, cniFolder: "/opt/cni/bin" }).programs, []);
  });
});

describe("parseVersion", () => {
  for (const [text, major, minor] of [
    ["containerd github.com/containerd/containerd 1.6.20~ds1 1.6.20~ds1-1+deb12u3", 1, 6],
    ["containerd github.com/containerd/containerd/v2 v2.1.4 75cb2b7193e4", 2, 1],
    ["nftables v1.0.6 (Lester Gooch #5)", 1, 0],
  ] as const) {
    it(`reads ${text}`, () => assert.partialDeepStrictEqual(parseVersion(text), { major, minor }));
  }
});

describe("hasCapability", () => {
  it("reads the effective set", () => {
    assert.equal(hasCapability("CapPrm:\tffff\nCapEff:\t000001fffeffffff\n", 24n), false);
    assert.equal(hasCapability("CapEff:\t000001ffffffffff\n", 24n), true);
  });
});

describe("withoutServices", () => {
  it("keeps services from starting meanwhile, and puts back what was there, also after a failure", async () => {
    const folder = await mkdtemp(join(tmpdir(), "kubets-policy-"));
    try {
      const [policy, aside] = [join(folder, "policy"), join(folder, "aside")];
      await withoutServices(async () => assert.match(await readFile(policy, "utf8"), /exit 101/), policy, aside);
      assert.equal(existsSync(policy), false);
      await writeFile(policy, "before");
      const failing = withoutServices(() => Promise.reject(new Error("broken")), policy, aside);
      await assert.rejects(failing, /broken/);
      assert.equal(await readFile(policy, "utf8"), "before");
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});
