/** Run by the build in a process of its own: loads all of the bundle but what starts something, so that its compiled code is left beside it at the end. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { useCompiledCode } from "../packages/kubets/src/compiled-code.ts";

const [dist = "", ...entries] = process.argv.slice(2);
useCompiledCode(join(dist, "main.js"));
for (const file of readdirSync(dist))
  if (file.endsWith(".js") && !entries.includes(file)) await import(join(dist, file));
// Whatever the parts may hold open, nothing was started.
process.exit();
