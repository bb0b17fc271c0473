/**
 * Installs Debian's packages that bring what is missing.
 * Holds: nothing is removed (apt refuses with --no-remove) and no service is started: a policy says so while packages are set up and is taken
 * away again, and units that came with them are left disabled. What was there before is not touched.
 */
import { existsSync } from "node:fs";
import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { basename } from "node:path";
import type { Clock } from "@kubets/machinery";
import { ProgramError, run, tryRun } from "../namespaces/collect.ts";
import { findPrograms, type Programs } from "./find.ts";
import { missing } from "./missing.ts";

export interface InstallOptions {
  /** Told each step, with the time it took. */
  readonly say: (line: string) => void;
  readonly clock: Clock;
}

const POLICY = "/usr/sbin/policy-rc.d";
const POLICY_ASIDE = `${POLICY}.before-kubets`;
const POLICY_MARK = "# Kubets: no service starts while packages are installed.";
const INSTALL = ["install", "-y", "--no-install-recommends", "--no-remove", "-o", "DPkg::Lock::Timeout=120"];

/** Gives the programs as they are afterwards. Throws with the cure when something is missing still. */
export async function installMissing({ say, clock }: InstallOptions): Promise<Programs> {
  const before = await findPrograms();
  const lacking = missing(before);
  if (lacking.programs.length === 0) {
    if (process.getuid?.() === 0) await putPolicyBack(POLICY, POLICY_ASIDE);
    return before;
  }
  const cure = `apt-get ${INSTALL.slice(0, 4).join(" ")} ${lacking.packages.join(" ")}`;
  if (!existsSync("/usr/bin/apt-get"))
    throw new Error(
      `${lacking.programs.join(", ")} missing, and this is no Debian: install them and run the same command again`,
    );
  if (process.getuid?.() !== 0)
    throw new Error(`${lacking.programs.join(", ")} missing: run \`sudo ${cure}\`, then the same command again`);

  say(`${lacking.programs.join(", ")} missing: installing Debian's ${lacking.packages.join(", ")}`);
  await installPackages(lacking.packages, { say, clock });

  const after = await findPrograms();
  const still = missing(after).programs;
  if (still.length > 0) throw new Error(`${still.join(", ")} missing also after installing: see what \`${cure}\` says`);
  return after;
}

async function installPackages(packages: readonly string[], { say, clock }: InstallOptions): Promise<void> {
  const timed = async (what: string, work: () => Promise<unknown>) => {
    const began = clock.monotonic();
    await work();
    say(`${what} (${((clock.monotonic() - began) / 1000).toFixed(1)} s)`);
  };
  if (!(await simulates(packages)))
    await timed("Package lists read", () => run("apt-get", ["update"], { env: quiet() }));
  await withoutServices(() =>
    timed("Packages installed", () => run("apt-get", [...INSTALL, ...packages], { env: quiet() })),
  );
  await disableUnits(packages);
}

const quiet = (): NodeJS.ProcessEnv => ({ ...process.env, DEBIAN_FRONTEND: "noninteractive", NEEDRESTART_MODE: "l" });

/** Whether apt knows how; a package whose removal it would take is refused here with apt's words. */
async function simulates(packages: readonly string[]): Promise<boolean> {
  const result = await tryRun("apt-get", ["-s", ...INSTALL, ...packages], { env: quiet() });
  if (result.code !== 0 && /need to be removed|remove is disabled/i.test(result.stderr + result.stdout))
    throw new ProgramError(`apt-get install ${packages.join(" ")} (nothing was changed)`, result);
  return result.code === 0;
}

/** Runs with a policy in place that keeps services from starting; the one that was there comes back, also after a crash of an earlier run. */
export async function withoutServices(work: () => Promise<void>, policy = POLICY, aside = POLICY_ASIDE): Promise<void> {
  if (existsSync(policy) && !(await isOurs(policy))) await rename(policy, aside);
  try {
    await writeFile(policy, `#!/bin/sh\n${POLICY_MARK}\nexit 101\n`, { mode: 0o755 });
    await work();
  } finally {
    await putPolicyBack(policy, aside);
  }
}

async function putPolicyBack(policy: string, aside: string): Promise<void> {
  if (existsSync(aside)) await rename(aside, policy);
  else if (existsSync(policy) && (await isOurs(policy))) await rm(policy, { force: true });
}

const isOurs = async (policy: string): Promise<boolean> => (await readFile(policy, "utf8")).includes(POLICY_MARK);

async function disableUnits(packages: readonly string[]): Promise<void> {
  const listed = await tryRun("dpkg", ["-L", ...packages]);
  const units = listed.stdout.split("\n").filter((path) => /\/systemd\/system\/[^/@]+\.(service|socket)$/.test(path));
  if (units.length > 0) await tryRun("systemctl", ["disable", ...units.map((path) => basename(path))]).catch(() => {});
}
