import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

/** The modules that one loads, itself among them, and the packages that they name. */
function loadedBy(entry: URL): { files: Set<string>; packages: Set<string> } {
  const files = new Set<string>();
  const packages = new Set<string>();
  const open = [entry];
  for (let url = open.pop(); url; url = open.pop()) {
    if (files.has(url.href)) continue;
    files.add(url.href);
    for (const [, from] of readFileSync(url, "utf8").matchAll(/^(?:import|export)\s[^;]*?from "([^"]+)";/gms)) {
      if ((from as string).startsWith(".")) open.push(new URL(from as string, url));
      else packages.add(from as string);
    }
  }
  return { files, packages };
}

test("the light door loads Node's modules alone", () => {
  const { files, packages } = loadedBy(new URL("./index.ts", import.meta.url));
  assert.ok(files.size > 30);
  assert.deepEqual(
    [...packages].filter((name) => !name.startsWith("node:")),
    [],
  );
});

test("only YAML loads js-yaml", () => {
  for (const name of ["flags", "command", "cron", "metrics", "hash", "lru", "work-queue"]) {
    assert.ok(!loadedBy(new URL(`./${name}.ts`, import.meta.url)).packages.has("js-yaml"), name);
  }
  assert.ok(loadedBy(new URL("./yaml.ts", import.meta.url)).packages.has("js-yaml"));
});
