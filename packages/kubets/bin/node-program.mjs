/** Finds the Node that Kubets runs on: the running one if it is new enough, else the one that npm brought for this platform. */
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { bringLibraries } from "./shared-libraries.mjs";

const NEEDED = [26, 10];

/** The program's path; ends the process with a cure when there is none. `from` is a folder whose node_modules are looked into. */
export function nodeProgram(from) {
  if (isNewEnough(process.versions.node)) return process.execPath;
  const name = `node-${process.platform}-${process.arch}`;
  const found = packageFolder(name, from);
  const program = found && join(found, "bin", process.platform === "win32" ? "node.exe" : "node");
  if (program && existsSync(program)) {
    bringLibraries(program);
    return program;
  }
  console.error(
    `Kubets needs Node.js ${NEEDED.join(".")} or newer; this is ${process.versions.node}, and npm has no package ${name} that brings it. ` +
      "Install a newer Node.js and run the same command again.",
  );
  process.exit(3);
}

export function isNewEnough(version) {
  const [major, minor] = version.split(".").map(Number);
  return major > NEEDED[0] || (major === NEEDED[0] && minor >= NEEDED[1]);
}

function packageFolder(name, from) {
  try {
    const manifest = createRequire(join(from, "package.json")).resolve(`${name}/package.json`);
    return manifest.slice(0, -"/package.json".length);
  } catch {
    return undefined;
  }
}
