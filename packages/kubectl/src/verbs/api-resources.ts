/** Shows what resources and versions the server has. */
import type { JsonObject } from "../json.ts";
import { printerFor } from "../print/printer.ts";
import { tableText } from "../print/tabs.ts";
import { type ApiResource, apiVersionOf, resourceText } from "../resources/mapper.ts";
import { defineVerb } from "../verb.ts";
import { bool, list, text } from "./flags.ts";

export const apiResources = defineVerb({
  name: "api-resources",
  summary: "Show the server's resources",
  flags: {
    output: text({ help: "wide, name, json, yaml or kyaml.", short: "o" }),
    "show-managed-fields": bool({ help: "Of no use here: resources have none.", hidden: true }),
    cached: bool({ help: "Of no use here: discovery is asked for anew.", hidden: true }),
    "no-headers": bool({ help: "No line of headers." }),
    "api-group": text({ help: "Only of this group." }),
    namespaced: bool({ help: "Only those with (or, if false, without) namespaces.", default: true }),
    verbs: list({ help: "Only those with these verbs." }),
    categories: list({ help: "Only of these categories." }),
    "sort-by": text({ help: "name or kind." }),
  },
  async run(session, { flags, given }) {
    const mapper = await (await session.api()).mapper();
    const found = mapper.groups
      .flatMap(({ versions }) => versions[0]?.resources ?? [])
      .filter((each) => each.verbs.length > 0)
      .filter((each) => !given.has("api-group") || each.group === flags["api-group"])
      .filter((each) => !given.has("namespaced") || each.namespaced === flags.namespaced)
      .filter((each) => flags.verbs.every((verb) => each.verbs.includes(verb)))
      .filter((each) => flags.categories.every((category) => each.categories.includes(category)));
    const by = (each: (typeof found)[number]): string[] =>
      flags["sort-by"] === "name"
        ? [each.resource]
        : flags["sort-by"] === "kind"
          ? [each.kind]
          : [each.group, each.resource];
    found.sort((a, b) => compare(by(a), by(b)));
    if (flags.output === "name") return session.io.output(found.map((each) => `${resourceText(each)}\n`).join(""));
    if (flags.output && flags.output !== "wide") {
      const print = await printerFor(flags.output, { ordered: true }, ["json", "kyaml", "yaml"]);
      return session.io.output(
        print?.({ kind: "APIResourceList", apiVersion: "v1", groupVersion: "", resources: found.map(described) }) ?? "",
      );
    }
    const wide = flags.output === "wide";
    const header = ["NAME", "SHORTNAMES", "APIVERSION", "NAMESPACED", "KIND", ...(wide ? ["VERBS", "CATEGORIES"] : [])];
    const rows = found.map((each) => [
      each.resource,
      each.shortNames.join(","),
      apiVersionOf(each),
      String(each.namespaced),
      each.kind,
      ...(wide ? [[...each.verbs].sort().join(","), each.categories.join(",")] : []),
    ]);
    session.io.output(tableText(flags["no-headers"] ? rows : [header, ...rows]));
  },
});

const described = (each: ApiResource): JsonObject => ({
  name: each.resource,
  singularName: each.singular,
  namespaced: each.namespaced,
  ...(each.group && { group: each.group }),
  version: each.version,
  kind: each.kind,
  verbs: [...each.verbs],
  ...(each.shortNames.length > 0 && { shortNames: [...each.shortNames] }),
  ...(each.categories.length > 0 && { categories: [...each.categories] }),
});

function compare(a: readonly string[], b: readonly string[]): number {
  for (const [i, left] of a.entries()) if (left !== b[i]) return left < (b[i] as string) ? -1 : 1;
  return 0;
}

export const apiVersions = defineVerb({
  name: "api-versions",
  summary: "Show the server's API versions",
  async run(session) {
    const mapper = await (await session.api()).mapper();
    const versions = mapper.groups.flatMap(({ name, versions: list }) =>
      list.map(({ version }) => apiVersionOf({ group: name, version })),
    );
    session.io.output(
      versions
        .sort()
        .map((version) => `${version}\n`)
        .join(""),
    );
  },
});
