/** Shows what resources and versions the server has. */

import { tableText } from "../print/tabs.ts";
import { apiVersionOf, resourceText } from "../resources/mapper.ts";
import { defineVerb } from "../verb.ts";
import { bool, list, text } from "./flags.ts";

export const apiResources = defineVerb({
  name: "api-resources",
  summary: "Show the server's resources",
  flags: {
    output: text({ help: "wide or name.", short: "o" }),
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
