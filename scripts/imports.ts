/** Who may import whom: the layers of the house, held by a check. */
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** The parts of a cluster: each stands on the same ground, and none knows another. */
const GROUND = ["machinery", "wire", "api", "client"];
export const MAY_IMPORT: Readonly<Record<string, readonly string[] | "all">> = {
  machinery: [],
  wire: ["machinery"],
  cel: ["machinery"],
  api: ["machinery", "wire", "cel"],
  storage: ["machinery", "wire"],
  client: ["machinery", "wire", "api"],
  sandbox: ["machinery", "wire"],
  apiserver: [...GROUND, "cel", "storage"],
  scheduler: GROUND,
  controllers: GROUND,
  cloud: GROUND,
  kubelet: [...GROUND, "sandbox"],
  proxy: GROUND,
  network: GROUND,
  ingress: GROUND,
  dns: GROUND,
  kubectl: GROUND,
  dashboard: ["machinery", "api"],
  kubets: "all",
};

/** A line for each import that goes the wrong way. */
export function importErrors(root: string): string[] {
  const errors: string[] = [];
  for (const file of globSync("packages/*/src/**/*.ts", { cwd: root })) {
    const own = file.split("/")[1] as string;
    const allowed = MAY_IMPORT[own];
    if (allowed === undefined) {
      errors.push(`${file}: the package ${own} stands nowhere in scripts/imports.ts: say there what it may import`);
      continue;
    }
    const source = readFileSync(join(root, file), "utf8");
    if (!file.endsWith(".test.ts") && importsPlainHttp(source))
      errors.push(`${file}: import it from @kubets/machinery/node-http, which says why; types may come from node:http`);
    if (own === "dashboard" && !file.endsWith(".test.ts") && /from\s+["']node:/.test(source))
      errors.push(`${file}: it runs in browsers, which have no node: modules`);
    for (const other of importedPackages(source))
      if (other !== own && allowed !== "all" && !allowed.includes(other))
        errors.push(
          `${file}: ${own} may not import ${other}; it may import ${allowed.join(", ") || "nothing of the project"}`,
        );
  }
  return errors;
}

export function importedPackages(source: string): Set<string> {
  const found = new Set<string>();
  for (const [, name] of source.matchAll(/(?:from|import)\s*\(?\s*["'](?:@kubets\/([a-z]+)|kubets)(?:\/[^"']*)?["']/g))
    found.add(name ?? "kubets");
  return found;
}

/** Whether more than types comes from node:http. */
export const importsPlainHttp = (source: string): boolean =>
  /^(?:import|export)\s+(?!type\b)[^;]*?from\s+["']node:http["']/m.test(source);
