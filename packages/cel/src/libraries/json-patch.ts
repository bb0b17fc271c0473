/** What MutatingAdmissionPolicies need to make JSON patches: the type of an operation, and the escaping of keys. */
import type { Library } from "../declarations.ts";
import { func } from "../declare.ts";
import { throughTarget } from "../library-costs.ts";
import { type ObjectType, celTypes as t } from "../types.ts";

/** One operation: `JSONPatch{op: "add", path: "/a", value: 1}`. */
export const jsonPatchType: ObjectType = t.object("JSONPatch", {
  op: { type: t.string },
  path: { type: t.string },
  from: { type: t.string },
  value: { type: t.dyn },
});

const escapeKey = (key: string): string => key.replaceAll("~", "~0").replaceAll("/", "~1");

export const jsonPatches: Library = {
  name: "jsonpatch",
  overloads: [
    func("jsonpatch.escapeKey", "jsonpatch_escapeKey_string", [t.string], t.string, escapeKey, throughTarget),
  ],
};
