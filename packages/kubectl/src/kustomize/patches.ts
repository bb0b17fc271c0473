/** Patches of a kustomization: which objects each is for, and what it makes of them. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { strategicMergePatch } from "@kubets/api/patch/strategic";
import { parseGroupVersion } from "@kubets/api/resource-ref";
import { applyJsonPatch, applyMergePatch } from "@kubets/machinery";
import { parseYamlDocuments } from "@kubets/machinery/yaml";
import { structFor } from "../apply/struct.ts";
import { UsageError } from "../errors.ts";
import { type JsonObject, mapAt, nameOf, namespaceOf, textAt } from "../json.ts";
import { labelSelectorOfText } from "../resources/selector.ts";
import type { PatchRule, Target } from "./file.ts";

export async function applyPatchRule(objects: JsonObject[], rule: PatchRule, folder: string): Promise<void> {
  const text = rule.patch ?? (await readFile(join(folder, rule.path ?? ""), "utf8"));
  for (const patch of parseYamlDocuments(text)) {
    const target = rule.target ?? (Array.isArray(patch) ? undefined : targetOf(patch as JsonObject));
    if (!target) throw new UsageError(`a JSON patch must name its target: ${rule.path ?? text.split("\n")[0]}`);
    const found = objects.flatMap((object, i) => (isMeant(object, target) ? [i] : []));
    if (found.length === 0)
      throw new UsageError(`no resource matches the target of a patch: ${target.kind ?? ""} ${target.name ?? ""}`);
    for (const i of found.toReversed()) patchAt(objects, i, patch);
  }
}

const targetOf = (patch: JsonObject): Target => ({
  ...parseGroupVersion(textAt(patch, "apiVersion")),
  kind: textAt(patch, "kind"),
  name: nameOf(patch),
  ...(namespaceOf(patch) && { namespace: namespaceOf(patch) }),
});

function patchAt(objects: JsonObject[], i: number, patch: unknown): void {
  const object = objects[i] as JsonObject;
  if (Array.isArray(patch)) {
    objects[i] = applyJsonPatch(object, patch as never) as JsonObject;
    return;
  }
  if ((patch as JsonObject)["$patch"] === "delete") {
    objects.splice(i, 1);
    return;
  }
  const { group, version } = parseGroupVersion(textAt(object, "apiVersion"));
  const struct = structFor({ group, version, kind: textAt(object, "kind") });
  const name = nameOf(object);
  const next = (
    struct ? strategicMergePatch(struct, object, patch as JsonObject) : applyMergePatch(object, patch as JsonObject)
  ) as JsonObject;
  objects[i] = { ...next, kind: object["kind"] as string, metadata: { ...(next["metadata"] as JsonObject), name } };
}

/** Names and kinds of a target are whole patterns. */
const fits = (pattern: string | undefined, text: string): boolean =>
  pattern === undefined || pattern === "" || new RegExp(`^(?:${pattern})$`).test(text);

function isMeant(object: JsonObject, target: Target): boolean {
  const { group, version } = parseGroupVersion(textAt(object, "apiVersion"));
  return (
    fits(target.group, group) &&
    fits(target.version, version) &&
    fits(target.kind, textAt(object, "kind")) &&
    fits(target.name, nameOf(object)) &&
    fits(target.namespace, namespaceOf(object)) &&
    labelSelectorOfText(target.labelSelector ?? "")(object) &&
    labelSelectorOfText(target.annotationSelector ?? "")({
      metadata: { labels: mapAt(object, "metadata", "annotations") },
    })
  );
}
