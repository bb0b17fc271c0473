/** `npm run format`: writes every file as the formatter would have it. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
const done = spawnSync(join(root, "node_modules", ".bin", "biome"), ["check", "--write"], {
  cwd: root,
  stdio: "inherit",
});
process.exitCode = done.status ?? 1;
