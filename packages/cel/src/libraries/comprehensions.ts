/** Macros with two variables: the index or key beside the item or value. */
import type { Library } from "../declarations.ts";
import { func } from "../declare.ts";
import { noSuchOverload } from "../errors.ts";
import { twoVariableMacros } from "../macros.ts";
import { celTypes as t } from "../types.ts";
import type { CelValue } from "../values.ts";

const mapKV = t.map(t.param("K"), t.param("V"));
/** A fold inserts in its own way; only the types are needed. */
const inFold = (): CelValue => {
  throw noSuchOverload();
};

export const twoVariables: Library = {
  name: "twoVariables",
  overloads: [
    func("cel.@mapInsert", "cel_@mapInsert_map_key_value", [mapKV, t.param("K"), t.param("V")], mapKV, inFold),
    func("cel.@mapInsert", "cel_@mapInsert_map_map", [mapKV, mapKV], mapKV, inFold),
  ],
  macros: twoVariableMacros,
};
