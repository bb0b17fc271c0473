/** The dashboard's pages as they are published: one module, another for what is loaded later, and the files beside them. */
import { copyFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";

const source = join(import.meta.dirname, "../packages/dashboard/src");

export async function buildDashboard(folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const bundle = await rolldown({ cwd: source, platform: "browser", input: "index.ts" });
  await bundle.write({
    dir: folder,
    format: "esm",
    entryFileNames: "app.js",
    chunkFileNames: "[name]-[hash].js",
    minify: true,
    sourcemap: false,
  });
  await bundle.close();
  for (const name of ["index.html", "style.css", "icon.svg"]) copyFileSync(join(source, name), join(folder, name));
  copyFileSync(fileURLToPath(import.meta.resolve("@xterm/xterm/css/xterm.css")), join(folder, "terminal.css"));
}
