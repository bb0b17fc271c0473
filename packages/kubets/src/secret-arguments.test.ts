import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { secretOf, withoutSecrets } from "./secret-arguments.ts";

test("secrets among arguments are hidden, however they are written, and nothing else is", () => {
  assert.deepEqual(
    withoutSecrets(["server", "--token", "a", "--certificate_key=b=c", "--tokens=d", "--v", "2", "--password="]),
    ["server", "--token", "(hidden)", "--certificate_key=(hidden)", "--tokens=d", "--v", "2", "--password=(hidden)"],
  );
});

test("a secret may stand in a file", () => {
  const folder = mkdtempSync(join(tmpdir(), "kubets-secret-"));
  const file = join(folder, "token");
  writeFileSync(file, "abcdef.0123456789abcdef\n");
  try {
    assert.equal(secretOf("plain"), "plain");
    assert.equal(secretOf(`@${file}`), "abcdef.0123456789abcdef");
    assert.throws(() => secretOf(`@${file}s`), /the file of a secret cannot be read: ENOENT/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
