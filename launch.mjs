/**
 * The one entry of a checkout, in plain JavaScript for whatever Node is there: brings the dependencies (with the pinned Node among them), then
 * goes on under that Node. `npm start`, `npm test` and the other scripts all come through here.
 */
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { nodeProgram } from "./packages/kubets/bin/node-program.mjs";

const root = fileURLToPath(new URL(".", import.meta.url));
const STAMP = join(root, "node_modules", ".kubets-lock");

const SCRIPTS = {
  up: (args) => ["packages/kubets/src/main.ts", "up", ...args],
  kubets: (args) => ["packages/kubets/src/main.ts", ...args],
  test: (args) => ["scripts/test.ts", ...args],
  check: (args) => ["scripts/check.ts", ...args],
  ci: (args) => ["scripts/ci.ts", ...args],
  format: (args) => ["scripts/format.ts", ...args],
  build: (args) => ["scripts/build.ts", ...args],
  pack: (args) => ["scripts/pack.ts", ...args],
  bench: (args) => ["bench/main.ts", ...args],
  e2e: (args) => ["e2e/main.ts", ...args],
  soak: ([what, ...args]) =>
    ["expressions", "pod-certificates", "servers", "services"].includes(what)
      ? [`e2e/soak/${what}.ts`, ...args]
      : ["e2e/soak/main.ts", ...(what === undefined ? [] : [what]), ...args],
};

const [name = "up", ...args] = process.argv.slice(2);
if (!Object.hasOwn(SCRIPTS, name)) {
  console.error(`launch.mjs: there is no script "${name}"; there are ${Object.keys(SCRIPTS).join(", ")}`);
  process.exit(2);
}
bringDependencies(name === "up" || name === "kubets" ? "run" : "develop");
run(nodeProgram(root), SCRIPTS[name](args));

/** Installs what package-lock.json says when that is not what is there: little to run a cluster, more to develop. */
function bringDependencies(purpose) {
  const lock = createHash("sha256")
    .update(readFileSync(join(root, "package-lock.json")))
    .digest("hex");
  const present = existsSync(STAMP) ? readFileSync(STAMP, "utf8") : "";
  if (present === `${lock} develop` || present === `${lock} ${purpose}`) return;
  checkWritable();
  const began = Date.now();
  console.error("Installing the dependencies (npm ci) ...");
  const done = spawnSync(
    "npm",
    [
      "ci",
      "--no-audit",
      "--no-fund",
      "--loglevel=error",
      "--ignore-scripts",
      ...(purpose === "run" ? ["--omit=dev"] : []),
    ],
    {
      cwd: root,
      stdio: ["ignore", "ignore", "inherit"],
    },
  );
  if (done.error) fail(`npm could not be started: ${done.error.message}. Install npm and try again.`);
  if (done.status !== 0) fail("npm ci failed; what it says above tells why. Mend that and run the same command again.");
  writeFileSync(STAMP, `${lock} ${purpose}`);
  console.error(`Dependencies installed in ${((Date.now() - began) / 1000).toFixed(1)} s`);
}

/** A folder that another user owns makes npm fail half-way, with a long list of errors. */
function checkWritable() {
  const modules = join(root, "node_modules");
  if (!existsSync(modules) || typeof process.getuid !== "function" || process.getuid() === 0) return;
  const { uid } = statSync(modules);
  if (uid !== process.getuid())
    fail(
      `${modules} belongs to user ${uid} (a run with sudo, probably). Remove it: sudo rm -rf ${modules}, then run the same command again.`,
    );
}

function run(program, argv) {
  const child = spawn(program, ["--disable-warning=ExperimentalWarning", ...argv], { cwd: root, stdio: "inherit" });
  // The terminal sends Ctrl-C to both; the child decides what becomes of it.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.on("error", (error) => fail(`${program} could not be started: ${error.message}`));
  child.on("exit", (code, signal) => process.exit(code ?? (signal === "SIGINT" ? 130 : 1)));
}

function fail(message) {
  console.error(message);
  process.exit(3);
}
