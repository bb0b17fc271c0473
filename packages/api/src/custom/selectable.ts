/** The fields of custom objects that lists and watches may ask for: texts, numbers and truth values, as texts. */
import type { SelectableField } from "../generated/types/apiextensions-v1.ts";
import type { KubeObject } from "../meta.ts";
import { pathNames, valueAt } from "./member-path.ts";

export function selectableFields(
  fields: readonly SelectableField[],
): Readonly<Record<string, (object: KubeObject) => string>> {
  return Object.fromEntries(
    fields.map(({ jsonPath }) => {
      const names = pathNames(jsonPath);
      return [names.join("."), (object: KubeObject) => textOf(valueAt(object, names))];
    }),
  );
}

const textOf = (value: unknown): string =>
  value === undefined || value === null || typeof value === "object" ? "" : String(value);
