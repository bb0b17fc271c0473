/** Parts of an object that an expression makes stand under the name of their place: `Object.spec.template{...}` for the field template of the spec. */
import { type CelValue, List, Struct } from "@kubets/cel";

/** What is wrong with the first part that does not. */
export function misnamedPart(value: CelValue | undefined, place: string): string | undefined {
  if (value instanceof List) {
    for (const item of value) {
      const wrong = misnamedPart(item, place);
      if (wrong) return wrong;
    }
    return undefined;
  }
  if (!(value instanceof Struct)) return undefined;
  if (value.typeName !== place)
    return `unexpected type name ${JSON.stringify(value.typeName)}, expected ${JSON.stringify(place)}, which matches field name path from root Object type`;
  for (const name of value.keys()) {
    const wrong = misnamedPart(value.field(name), `${place}.${name}`);
    if (wrong) return wrong;
  }
  return undefined;
}
