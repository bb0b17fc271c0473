/** Builds what a kustomization says: its objects and those of the kustomizations that it stands on, changed in the order that kustomize has. */
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { clone } from "@kubets/machinery/clone";
import { UsageError } from "../errors.ts";
import { type JsonObject, mapAt, nameOf, textAt } from "../json.ts";
import { objectsIn } from "../resources/documents.ts";
import { type ImageRule, type Kustomization, readKustomization } from "./file.ts";
import { type Generated, generate, hashOf } from "./generators.ts";
import { addAnnotations, addLabels } from "./labels.ts";
import { followNames, KEEP_NAME, nameKey, putInNamespace } from "./names.ts";
import { inOrder } from "./order.ts";
import { applyPatchRule } from "./patches.ts";
import { below, containersOf } from "./pod-specs.ts";

/** An object on its way, and whether its name is to end on a hash. */
interface Part {
  object: JsonObject;
  hashed: boolean;
}

export async function kustomize(folder: string): Promise<JsonObject[]> {
  const parts = await build(folder, []);
  rename(parts, ({ object, hashed }) => (hashed ? `${nameOf(object)}-${hashOf(object)}` : undefined));
  return inOrder(parts.map(({ object }) => object)).map((object) => sortedKeys(object) as JsonObject);
}

async function build(folder: string, above: readonly string[]): Promise<Part[]> {
  if (above.includes(folder))
    throw new UsageError(`a kustomization stands on itself: ${[...above, folder].join(" -> ")}`);
  const file = await readKustomization(folder);
  const parts: Part[] = [];
  for (const name of [...(file.resources ?? []), ...(file.bases ?? [])])
    parts.push(...(await partsAt(join(folder, name), name, [...above, folder])));
  for (const [kind, rules] of [
    ["ConfigMap", file.configMapGenerator],
    ["Secret", file.secretGenerator],
  ] as const)
    for (const rule of rules ?? []) addGenerated(parts, await generate(kind, rule, folder, file.generatorOptions));
  await patch(parts, file, folder);
  change(parts, file);
  return parts;
}

async function partsAt(path: string, name: string, above: readonly string[]): Promise<Part[]> {
  if (/^https?:\/\//.test(name) || name.startsWith("git@"))
    throw new UsageError(`the resource ${name} is not on this machine; fetch it and name its folder`);
  const found = await stat(path).catch(() => undefined);
  if (!found) throw new UsageError(`the resource ${name} does not exist: no such file or folder ${path}`);
  if (found.isDirectory()) return build(path, above);
  return objectsIn(await readFile(path, "utf8"), path).map(({ object }) => ({ object: clone(object), hashed: false }));
}

function addGenerated(parts: Part[], { object, hashed, behavior }: Generated): void {
  const same = (each: Part) => each.object["kind"] === object["kind"] && nameOf(each.object) === nameOf(object);
  const old = parts.find(same);
  if (behavior === "create") {
    if (old)
      throw new UsageError(
        `${textAt(object, "kind")} ${nameOf(object)} exists already; use behavior: merge or replace`,
      );
    parts.push({ object, hashed });
    return;
  }
  if (!old)
    throw new UsageError(`${textAt(object, "kind")} ${nameOf(object)} is to be ${behavior}d, but there is none`);
  const data =
    behavior === "merge" ? { ...mapAt(old.object, "data"), ...mapAt(object, "data") } : mapAt(object, "data");
  const merged = { ...old.object, data };
  for (const field of ["labels", "annotations"]) {
    const added = mapAt(object, "metadata", field);
    if (Object.keys(added).length) Object.assign(below(merged, "metadata", field), added);
  }
  old.object = merged;
  old.hashed ||= hashed;
}

async function patch(parts: Part[], file: Kustomization, folder: string): Promise<void> {
  const rules = [
    ...(file.patchesStrategicMerge ?? []).map((text) => (text.includes("\n") ? { patch: text } : { path: text })),
    ...(file.patchesJson6902 ?? []),
    ...(file.patches ?? []),
  ];
  for (const rule of rules) {
    const objects = parts.map(({ object }) => object);
    const before = [...objects];
    await applyPatchRule(objects, rule, folder);
    // Patches keep the order; what is deleted is missing.
    const kept = parts.filter((_, i) => objects.length === before.length || objects.includes(before[i] as JsonObject));
    parts.splice(0, parts.length, ...objects.map((object, i) => ({ object, hashed: kept[i]?.hashed ?? false })));
  }
}

function change(parts: readonly Part[], file: Kustomization): void {
  const objects = parts.map(({ object }) => object);
  if (file.namespace) putInNamespace(objects, file.namespace);
  if (file.namePrefix || file.nameSuffix)
    rename(parts, ({ object }) =>
      KEEP_NAME.has(textAt(object, "kind"))
        ? undefined
        : `${file.namePrefix ?? ""}${nameOf(object)}${file.nameSuffix ?? ""}`,
    );
  for (const object of objects) {
    if (file.commonLabels) addLabels(object, { pairs: file.commonLabels, includeSelectors: true });
    for (const rule of file.labels ?? []) addLabels(object, rule);
    if (file.commonAnnotations) addAnnotations(object, file.commonAnnotations);
    for (const rule of file.images ?? []) setImages(object, rule);
  }
  for (const { name, count } of file.replicas ?? [])
    for (const { object } of parts)
      if (
        SCALED.has(textAt(object, "kind")) &&
        nameOf(object) === `${file.namePrefix ?? ""}${name}${file.nameSuffix ?? ""}`
      )
        below(object, "spec")["replicas"] = count;
}
const SCALED = new Set(["Deployment", "ReplicaSet", "StatefulSet", "ReplicationController"]);

function rename(parts: readonly Part[], nameFor: (part: Part) => string | undefined): void {
  const renamed = new Map<string, string>();
  for (const part of parts) {
    const next = nameFor(part);
    if (next === undefined) continue;
    renamed.set(nameKey(textAt(part.object, "kind"), nameOf(part.object)), next);
    below(part.object, "metadata")["name"] = next;
  }
  followNames(
    parts.map(({ object }) => object),
    renamed,
  );
}

function setImages(object: JsonObject, { name, newName, newTag, digest }: ImageRule): void {
  for (const container of containersOf(object)) {
    const [, base = "", end = ""] = /^(.*?)((?::[^/@]+)?(?:@.+)?)$/.exec(textAt(container, "image")) ?? [];
    if (base !== name) continue;
    container["image"] = `${newName ?? base}${digest ? `@${digest}` : newTag ? `:${newTag}` : end}`;
  }
}

function sortedKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortedKeys);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, member]) => [key, sortedKeys(member)]),
  );
}
