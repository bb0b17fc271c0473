import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { buildDashboard } from "./dashboard.ts";

test("the built dashboard has all that its pages load, and nothing that a browser has not", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "kubets-dashboard-"));
  t.after(() => rmSync(folder, { recursive: true }));
  await buildDashboard(folder);
  const page = readFileSync(join(folder, "index.html"), "utf8");
  const named = [...page.matchAll(/"\/dashboard\/([^"]+)"/g)].map(([, name = ""]) => name);
  assert.deepEqual(named.toSorted(), ["app.js", "icon.svg", "style.css", "terminal.css"]);
  const scripts = readdirSync(folder).filter((name) => name.endsWith(".js"));
  // The terminal is loaded when it is asked for.
  assert.ok(scripts.length > 1);
  for (const name of [...named, ...scripts]) assert.ok(existsSync(join(folder, name)), name);
  for (const name of scripts) {
    const code = readFileSync(join(folder, name), "utf8");
    for (const [, from = ""] of code.matchAll(/\b(?:from|import\()\s*["'`]([\w@./:-]+)["'`]/g))
      assert.ok(existsSync(join(folder, from)), `${name} loads ${from}`);
  }
});
