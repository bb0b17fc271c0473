import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

test("a server whose start fails once it listens ends, and says why", (t) => {
  const folder = mkdtempSync(join(tmpdir(), "kubets-main-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const flags = ["--bind-address=127.0.0.1", "--secure-port=0", `--data-dir=${folder}`];
  const { status, stderr } = spawnSync(
    process.execPath,
    [
      "--disable-warning=ExperimentalWarning",
      join(import.meta.dirname, "main.ts"),
      "apiserver",
      ...flags,
      "--enable-admission-plugins=AlwaysDeny",
    ],
    { encoding: "utf8", timeout: 50_000 },
  );
  assert.equal(status, 1, stderr);
  assert.match(stderr, /admission control is denying all modifications/);
});
