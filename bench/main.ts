/** `npm run bench [NAME ...]`: prints the rows of the targets that exist by now; names choose benches. Figures of a shared machine compare, they do not promise. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";

const BENCHES: Record<string, string> = {
  api: "api.ts",
  authorization: "authorization.ts",
  cel: "cel.ts",
  controllers: "controllers.ts",
  "cluster-controllers": "cluster-controllers.ts",
  policies: "policies.ts",
  crd: "crd.ts",
  dns: "dns.ts",
  "dns-changes": "dns-changes.ts",
  "event-loop": "event-loop.ts",
  fairness: "fairness.ts",
  ingress: "ingress.ts",
  "network-policy": "network-policy.ts",
  scheduler: "scheduler.ts",
  services: "services.ts",
  "service-traffic": "service-traffic.ts",
  settle: "settle.ts",
  storage: "storage.ts",
};
const wanted = process.argv.slice(2);
if (wanted.includes("--help")) {
  console.log(
    `usage: npm run bench [-- NAME ...]\n\nRuns the named benches, or all of them: ${Object.keys(BENCHES).join(", ")}`,
  );
  process.exit();
}
const unknown = wanted.filter((name) => !Object.hasOwn(BENCHES, name));
if (unknown.length) {
  console.error(`there is no bench ${unknown.join(", ")}; there are ${Object.keys(BENCHES).join(", ")}`);
  process.exit(2);
}
for (const name of wanted.length ? wanted : Object.keys(BENCHES)) {
  console.log(`\n== ${name}`);
  spawnSync(
    process.execPath,
    ["--disable-warning=ExperimentalWarning", join(import.meta.dirname, BENCHES[name] as string)],
    { stdio: "inherit" },
  );
}
