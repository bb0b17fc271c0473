/**
 * What must change for a role or binding of the server to give at least what a file asks for; extra permissions and subjects stay
 * unless they are to go. Pure.
 */
import { deepEqual } from "@kubets/machinery/deep-equal";
import { type JsonObject, listAt, mapAt, objectAt, textAt, textsAt } from "../json.ts";

interface Reconciled {
  /** What to write; undefined where nothing is missing. */
  readonly object: JsonObject | undefined;
  readonly missing: readonly JsonObject[];
  readonly extra: readonly JsonObject[];
  /** The binding points elsewhere, which cannot be changed: it is to be made anew. */
  readonly anew?: boolean;
}

export const isRole = (object: JsonObject): boolean => ["Role", "ClusterRole"].includes(textAt(object, "kind"));

export function reconciled(wanted: JsonObject, live: JsonObject, removesExtra: boolean): Reconciled {
  const field = isRole(wanted) ? "rules" : "subjects";
  const [asked, present] = [listAt(wanted, field), listAt(live, field)];
  const holds = isRole(wanted)
    ? covers
    : (list: readonly JsonObject[], each: JsonObject) => list.some((other) => sameSubject(other, each));
  const missing = parts(asked).filter((each) => !holds(present, each));
  const extra = parts(present).filter((each) => !holds(asked, each));
  const anew = !isRole(wanted) && !deepEqual(objectAt(wanted, "roleRef"), objectAt(live, "roleRef"));
  const metadata = mergedMetadata(wanted, live);
  const drops = removesExtra && extra.length > 0;
  const changes = missing.length > 0 || drops || metadata !== undefined || anew;
  const list = drops ? asked : [...present, ...missing];
  return {
    object: changes ? { ...live, ...(metadata && { metadata }), [field]: list } : undefined,
    missing,
    extra,
    ...(anew && { anew: true }),
  };
}

/** Rules taken apart: one group, one resource, one verb, one name each. Subjects stay as they are. */
function parts(list: readonly JsonObject[]): JsonObject[] {
  return list.flatMap((rule) => {
    if (!("verbs" in rule)) return [rule];
    const verbs = textsAt(rule, "verbs");
    const names = textsAt(rule, "resourceNames");
    const simple = textsAt(rule, "apiGroups").flatMap((group) =>
      textsAt(rule, "resources").flatMap((resource) =>
        verbs.flatMap((verb): JsonObject[] => {
          const one = { apiGroups: [group], resources: [resource], verbs: [verb] };
          return names.length === 0 ? [one] : names.map((name) => ({ ...one, resourceNames: [name] }));
        }),
      ),
    );
    const urls = textsAt(rule, "nonResourceURLs").flatMap((url) =>
      verbs.map((verb) => ({ nonResourceURLs: [url], verbs: [verb] })),
    );
    return [...simple, ...urls];
  });
}

/** Whether some rule gives what one simple rule gives. */
function covers(rules: readonly JsonObject[], asked: JsonObject): boolean {
  const has = (rule: JsonObject, field: string) => {
    const list = textsAt(rule, field);
    return textsAt(asked, field).every((each) => list.includes("*") || list.includes(each));
  };
  return rules.some((rule) => {
    if (!has(rule, "verbs")) return false;
    if (textsAt(asked, "nonResourceURLs").length > 0)
      return textsAt(asked, "nonResourceURLs").every((url) =>
        textsAt(rule, "nonResourceURLs").some(
          (own) => own === url || own === "*" || (own.endsWith("*") && url.startsWith(own.slice(0, -1))),
        ),
      );
    const names = textsAt(rule, "resourceNames");
    const named = textsAt(asked, "resourceNames");
    return (
      has(rule, "apiGroups") &&
      has(rule, "resources") &&
      (names.length === 0 || (named.length > 0 && named.every((each) => names.includes(each))))
    );
  });
}

const sameSubject = (a: JsonObject, b: JsonObject): boolean =>
  (["kind", "name", "namespace", "apiGroup"] as const).every((field) => textAt(a, field) === textAt(b, field));

/** With the labels and annotations of the file; undefined where they are there already. */
function mergedMetadata(wanted: JsonObject, live: JsonObject): JsonObject | undefined {
  const merged: JsonObject = {};
  for (const field of ["labels", "annotations"]) {
    const map = { ...mapAt(live, "metadata", field), ...mapAt(wanted, "metadata", field) };
    if (Object.keys(map).length > 0 && !deepEqual(map, mapAt(live, "metadata", field))) merged[field] = map;
  }
  return Object.keys(merged).length > 0 ? { ...objectAt(live, "metadata"), ...merged } : undefined;
}
