import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { enterCommand } from "./enter-command.ts";

describe("enterCommand", () => {
  it("is the program itself for an empty scope", () => {
    assert.deepEqual(enterCommand({}, "ls", ["-l"], { cwd: "/tmp" }), { program: "ls", args: ["-l"] });
  });

  it("enters by nsenter, and changes the folder inside", () => {
    assert.deepEqual(enterCommand({ net: "/n", uts: "/u" }, "ls", ["-l"]), {
      program: "nsenter",
      args: ["--net=/n", "--uts=/u", "--", "ls", "-l"],
    });
    const { args } = enterCommand({ mnt: "/m" }, "ls", ["-l"], { cwd: "/work folder" });
    assert.deepEqual(args.slice(-4), ["sh", "/work folder", "ls", "-l"]);
  });

  it("joins cgroups before it becomes the program", () => {
    const folder = mkdtempSync(join(tmpdir(), "kubets-enter-"));
    try {
      const { program, args } = enterCommand({ cgroups: [folder] }, "echo", ["a b", "--", "$c"]);
      assert.equal(execFileSync(program, args, { encoding: "utf8" }), "a b -- $c\n");
      assert.equal(readFileSync(join(folder, "cgroup.procs"), "utf8"), "0\n");
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
