import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { kubeletDefaults } from "../config.ts";
import { checkMachine } from "./machine-checks.ts";

test("a machine that swaps, or whose kernel is set otherwise, is refused where that is asked for", (t) => {
  const proc = mkdtempSync(join(tmpdir(), "proc-"));
  t.after(() => rmSync(proc, { recursive: true }));
  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(proc, path)), { recursive: true });
    writeFileSync(join(proc, path), `${text}\n`);
  };
  const { file } = kubeletDefaults;
  const heading = "Filename Type Size Used Priority";
  write("swaps", heading);
  checkMachine(file, proc);
  write("swaps", `${heading}\n/dev/sda2 partition 1024 0 -2`);
  assert.throws(() => checkMachine(file, proc), /--fail-swap-on flag to false: \/proc\/swaps contains \/dev\/sda2/);
  const lenient = { ...file, failSwapOn: false };
  checkMachine(lenient, proc);
  const strict = { ...lenient, protectKernelDefaults: true };
  const settings = {
    "kernel/keys/root_maxbytes": 25_000_000,
    "kernel/keys/root_maxkeys": 1_000_000,
    "kernel/panic": 10,
    "kernel/panic_on_oops": 1,
    "vm/overcommit_memory": 1,
    "vm/panic_on_oom": 0,
  };
  for (const [name, value] of Object.entries(settings)) write(`sys/${name}`, String(value));
  checkMachine(strict, proc);
  write("sys/vm/overcommit_memory", "0");
  assert.throws(() => checkMachine(strict, proc), {
    message: "invalid kernel flag: vm/overcommit_memory, expected value: 1, actual value: 0",
  });
});
