/** What `.ci/run` does: the house, unit tests, the oracle's floors, and e2e with real containers; closes on a line of counts. */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { houseChecks } from "./house-checks.ts";
import { type Counts, runTests } from "./run-tests.ts";
import { whileCounting } from "./uplink-count.ts";

const root = join(import.meta.dirname, "..");
const DEBIAN_PACKAGES = [
  "containerd",
  "runc",
  "containernetworking-plugins",
  "nftables",
  "iptables",
  "conntrack",
  "busybox-static",
  "chromium",
  "etcd-server",
  "strace",
  "iproute2",
];
/** Whose tests need nothing but processes of their own, or wait for minutes: they run beside the others, which wait for containers most of the time. */
const BESIDE = [
  "apiserver",
  "client",
  "cloud",
  "controllers",
  "dns",
  "joining",
  "kubectl",
  "scheduler",
  "security",
  "storage",
];
const total: Counts = { passed: 0, failed: 0, skipped: 0 };

section("the house");
count({ passed: 0, failed: houseChecks(root) ? 0 : 1, skipped: 0 });
section("unit tests");
count(await runTests(["packages/*/src/**/*.test.ts", "scripts/*.test.ts"]));
if (process.getuid?.() === 0 && existsSync("/usr/bin/apt-get")) {
  section("Debian's packages");
  installPackages();
}
section("e2e");
const others = readdirSync(join(root, "e2e")).filter((name) => !BESIDE.includes(name));
const e2e = await whileCounting(() => Promise.all([others, BESIDE].map(runE2e)));
for (const counts of e2e.result) count(counts);
count({ passed: e2e.leaked || e2e.why ? 0 : 1, failed: e2e.leaked ? 1 : 0, skipped: e2e.why ? 1 : 0 });
console.log(`\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exitCode = total.failed ? 1 : 0;

function runE2e(folders: readonly string[]): Promise<Counts> {
  const patterns = folders.map((folder) => `e2e/${folder}/**/*.test.ts`);
  return runTests(patterns, { isolated: true, timeoutMs: 600_000 });
}

function section(name: string): void {
  console.log(`\n== ${name}`);
}

function count({ passed, failed, skipped }: Counts): void {
  total.passed += passed;
  total.failed += failed;
  total.skipped += skipped;
}

/** Without starting their services: only the programs are wanted. */
function installPackages(): void {
  const missing = DEBIAN_PACKAGES.filter((name) => spawnSync("dpkg", ["-s", name], { stdio: "ignore" }).status !== 0);
  if (missing.length === 0) return console.log("all there");
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive", RUNLEVEL: "1" };
  const apt = (...args: string[]) =>
    spawnSync("apt-get", ["-qq", ...args], { stdio: ["ignore", "ignore", "inherit"], env }).status === 0;
  if (!apt("update") || !apt("install", "-y", "--no-install-recommends", "--no-remove", ...missing)) {
    console.error(`apt-get could not install ${missing.join(" ")}; the tests that need them will say so`);
  }
}
