/** The resources by name; where two versions or groups share one, the later ones carry it in their name. */
import type { ResourceList } from "./published-facts.ts";
import { lists } from "./resource-lists.ts";

export function refsText(): string {
  const refLines: string[] = [];
  const refImports = new Map<string, Set<string>>();
  const taken = new Set<string>();
  for (const list of lists.toSorted((a, b) => rank(a) - rank(b) || (a.groupVersion < b.groupVersion ? -1 : 1))) {
    const [version = "", group = ""] = list.groupVersion.split("/").reverse();
    for (const r of list.resources) {
      if (r.name.includes("/")) continue;
      const file = `${group === "" ? "core" : fileGroup(group)}-${version}`;
      const kind = r.kind;
      const name = taken.has(r.name)
        ? `${r.name}${fileGroup(group) === "events" ? "EventsV1" : version.toUpperCase()}`
        : r.name;
      taken.add(r.name);
      const alias = name === r.name ? kind : `${kind} as ${kind}${version.toUpperCase()}`;
      (refImports.get(file) ?? (refImports.set(file, new Set()).get(file) as Set<string>)).add(alias);
      const type = name === r.name ? kind : `${kind}${version.toUpperCase()}`;
      refLines.push(
        `export const ${name}: ResourceRef<${type}> = { group: "${group}", version: "${version}", resource: "${r.name}", kind: "${r.kind}", namespaced: ${r.namespaced} };\n`,
      );
    }
  }
  const refFrom = [...refImports]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(
      ([f, names]) =>
        `import type { ${[...names].toSorted((a, b) => (a < b ? -1 : 1)).join(", ")} } from "./types/${f}.ts";\n`,
    );
  return `import type { ResourceRef } from "../resource-ref.ts";\n${refFrom.join("")}\n${refLines.join("")}`;
}

function rank({ groupVersion }: ResourceList): number {
  if (groupVersion === "v1") return 0;
  if (groupVersion === "autoscaling/v2") return 1;
  return groupVersion.includes("alpha") ? 3 : 2;
}

function fileGroup(group: string): string {
  return group === "internal.apiserver.k8s.io" ? "apiserverinternal" : (group.split(".")[0] as string);
}
