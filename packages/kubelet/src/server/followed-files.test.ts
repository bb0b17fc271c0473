import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { type Clock, VirtualClock } from "@kubets/machinery";
import { kubeletDefaults } from "../config.ts";
import { servingFiles } from "../run-kubelet.ts";
import { followFiles } from "./followed-files.ts";

test("files that change are told of, once each time, and those that are gone for a while are not", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "kubets-followed-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const paths = ["a", "b"].map((name) => join(folder, name));
  const [first = "", second = ""] = paths;
  for (const path of paths) writeFileSync(path, "1");
  const time = new VirtualClock();
  let sleeps = 0;
  const clock: Clock = {
    now: () => time.now(),
    monotonic: () => time.monotonic(),
    after: (delayMs, run) => {
      sleeps++;
      return time.after(delayMs, run);
    },
  };
  const stop = new AbortController();
  let told = 0;
  const following = followFiles({ paths, clock, signal: stop.signal, changed: () => void told++ });
  const slept = async (times: number) => {
    while (sleeps < times) await turn();
  };
  await slept(1);
  const later = async () => {
    const next = sleeps + 1;
    await time.advance(10_000);
    await slept(next);
    return told;
  };
  assert.equal(await later(), 0);
  writeFileSync(first, "2");
  writeFileSync(second, "2");
  assert.equal(await later(), 1);
  rmSync(second);
  assert.equal(await later(), 1);
  writeFileSync(second, "3");
  assert.equal(await later(), 2);
  assert.equal(await later(), 2);
  stop.abort();
  await following;
});

test("a kubelet follows the files that it serves with, each as its gate says", () => {
  const filesWith = (featureGates: Record<string, boolean>) =>
    servingFiles({
      ...kubeletDefaults,
      tlsCertFile: "cert",
      tlsPrivateKeyFile: "key",
      clientCaFile: "ca",
      file: { ...kubeletDefaults.file, featureGates },
    });
  assert.deepEqual(filesWith({}), ["cert", "key", "ca"]);
  assert.deepEqual(filesWith({ ReloadKubeletServerCertificateFile: false }), ["ca"]);
  assert.deepEqual(filesWith({ ReloadKubeletClientCAFile: false }), ["cert", "key"]);
  assert.deepEqual(servingFiles(kubeletDefaults), []);
});
