/**
 * Node's own builds ask for a library that a small Debian does not have. Brings it where apt can, and says which one to install elsewhere.
 * Holds: nothing is removed, and nothing is done when the program starts.
 */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";

const PACKAGES = { "libatomic.so.1": "libatomic1", "libstdc++.so.6": "libstdc++6" };
const INSTALL = ["install", "-y", "--no-install-recommends", "--no-remove", "-o", "DPkg::Lock::Timeout=120"];

/** Ends the process with a cure when the program cannot be made to start. */
export function bringLibraries(program) {
  const library = missingLibrary(program);
  if (!library) return;
  const name = PACKAGES[library];
  const isDebian = existsSync("/usr/bin/apt-get");
  if (!name || !isDebian) fail(`Node.js needs the library ${library}: install it and run the same command again.`);
  const cure = `apt-get ${INSTALL.slice(0, 4).join(" ")} ${name}`;
  if (process.getuid() !== 0) fail(`Node.js needs ${library}: run \`sudo ${cure}\`, then the same command again.`);
  console.error(`${library} missing: installing Debian's ${name} ...`);
  if (!apt(...INSTALL, name) && !(apt("update") && apt(...INSTALL, name)))
    fail(`${name} could not be installed: see what \`${cure}\` says.`);
  if (missingLibrary(program)) fail(`${program} does not start, also with ${name}: run it to see why.`);
}

export function missingLibrary(program) {
  const { status, stderr } = spawnSync(program, ["--version"], { encoding: "utf8" });
  if (status === 0) return undefined;
  return /loading shared libraries: (\S+):/.exec(stderr ?? "")?.[1];
}

function apt(...args) {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive", NEEDRESTART_MODE: "l" };
  return spawnSync("apt-get", args, { env, stdio: "ignore" }).status === 0;
}

function fail(message) {
  console.error(message);
  process.exit(3);
}
