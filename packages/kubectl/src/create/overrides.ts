/** What --overrides changes in an object that was made of flags: a patch of one of three kinds, in JSON or YAML. Pure. */
import { strategicMergePatch } from "@kubets/api/patch/strategic";
import { parseGroupVersion } from "@kubets/api/resource-ref";
import { applyJsonPatch } from "@kubets/machinery/json-patch";
import { applyMergePatch } from "@kubets/machinery/merge-patch";
import { parseYaml } from "@kubets/machinery/yaml";
import { structFor } from "../apply/struct.ts";
import { UsageError } from "../errors.ts";
import { type JsonObject, textAt } from "../json.ts";
import { text } from "../verbs/flags.ts";

export const overrideFlags = {
  overrides: text({ help: "A patch for what is made, in JSON or YAML." }),
  "override-type": text({ help: "What kind of patch that is: merge, strategic or json.", default: "merge" }),
};

export function overridden(
  object: JsonObject,
  flags: { readonly [K in keyof typeof overrideFlags]: string },
): JsonObject {
  if (flags.overrides === "") return object;
  const patch = parseYaml(flags.overrides);
  switch (flags["override-type"]) {
    case "merge":
      return applyMergePatch(object, patch) as JsonObject;
    case "strategic": {
      const { group, version } = parseGroupVersion(textAt(object, "apiVersion"));
      const struct = structFor({ group, version, kind: textAt(object, "kind") });
      return (
        struct ? strategicMergePatch(struct, object, patch as JsonObject) : applyMergePatch(object, patch)
      ) as JsonObject;
    }
    case "json":
      return applyJsonPatch(object, patch as never) as JsonObject;
    default:
      throw new UsageError(`invalid override type: ${flags["override-type"]}`);
  }
}
