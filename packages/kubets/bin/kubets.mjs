#!/usr/bin/env node
/** The `kubets` command: goes on under the pinned Node, with the bundle of a published package or the source of a checkout. */
import { spawn } from "node:child_process";
import { existsSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { isNewEnough, nodeProgram } from "./node-program.mjs";

const home = dirname(dirname(realpathSync(fileURLToPath(import.meta.url))));
const bundle = join(home, "dist", "main.js");
const main = existsSync(bundle) && !existsSync(join(home, "src", "main.ts")) ? bundle : join(home, "src", "main.ts");

if (isNewEnough(process.versions.node)) {
  await import(pathToFileURL(main).href);
} else {
  const argv = ["--disable-warning=ExperimentalWarning", main, ...process.argv.slice(2)];
  // Secrets among the arguments are not for all on the machine to read: this process only waits.
  process.title = "kubets";
  const child = spawn(nodeProgram(home), argv, { stdio: "inherit" });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.on("exit", (code, signal) => process.exit(code ?? (signal === "SIGINT" ? 130 : 1)));
}
