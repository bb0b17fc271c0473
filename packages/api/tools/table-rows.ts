/** The rows of the tables that schema.ts reads: a line for each field of a type. */
import { alwaysEmitted, durationFields, omittedWhenZero, plainTimeFields, pointerFields } from "./field-facts.ts";
import { type Property, refName, SPECIAL, short, words } from "./published-facts.ts";

function typeCode(owner: string, field: string, property: Property): string {
  if (property.$ref) {
    const name = short(refName(property.$ref));
    const special = SPECIAL[name];
    if (special) return special;
    const scope = owner.slice(0, owner.lastIndexOf(".") + 1);
    const local = name.startsWith(scope) && !name.slice(scope.length).includes(".");
    return `@${local ? name.slice(scope.length) : name}`;
  }
  if (property.type === "array") return `[${typeCode(owner, field, property.items as Property)}`;
  if (property.additionalProperties) return `{${typeCode(owner, field, property.additionalProperties)}`;
  if (words(durationFields[owner]).has(field)) return "D";
  switch (property.type) {
    case "string":
      return property.format === "byte" ? "y" : "s";
    case "integer":
      return property.format === "int32" ? "i" : "l";
    case "boolean":
      return "b";
    case "number":
      return "d";
    default:
      return "j";
  }
}

/** Times that are no pointers: written as null when unset. */
export const isPlainTime = (owner: string, field: string) => words(plainTimeFields[owner]).has(field);

/** Whether a field can be absent where its zero value is something else. References that stand for no plain struct are pointers. */
function isPointer(owner: string, field: string, property: Property, always: boolean): boolean {
  if (words(pointerFields[owner]).has(field)) return true;
  if (!property.$ref || property.default !== undefined) return false;
  const special = SPECIAL[short(refName(property.$ref))];
  if (special === "t" || special === "u") return !isPlainTime(owner, field);
  return special === undefined || !always;
}

/** Whether a field is written even when it is empty. */
export function isAlways(owner: string, field: string, property: Property, required: boolean): boolean {
  const isStruct = property.$ref !== undefined && JSON.stringify(property.default) === "{}";
  if (words(omittedWhenZero[owner]).has(field)) return false;
  return required || isStruct || words(alwaysEmitted[owner]).has(field) || isPlainTime(owner, field);
}

export function fieldLine(owner: string, field: string, property: Property, required: boolean, number: string): string {
  const parts = [field, typeCode(owner, field, property), number];
  const always = isAlways(owner, field, property, required);
  if (always) parts.push("+");
  if (required) parts.push("!");
  if (isPointer(owner, field, property, always)) parts.push("^");
  if (property.default !== undefined && !["{}", '""', "0", "false"].includes(JSON.stringify(property.default)))
    parts.push(`=${JSON.stringify(property.default)}`);
  const listType = property["x-kubernetes-list-type"];
  if (listType === "set") parts.push("L*");
  else if (listType === "map") parts.push(`L${(property["x-kubernetes-list-map-keys"] as string[]).join(",")}`);
  else if (listType === "atomic") parts.push("L");
  if (property["x-kubernetes-map-type"] === "atomic") parts.push("A");
  if (property["x-kubernetes-map-type"] === "granular") parts.push("G");
  const strategy = (property["x-kubernetes-patch-strategy"] as string | undefined) ?? "";
  if (strategy.includes("merge"))
    parts.push(`P${(property["x-kubernetes-patch-merge-key"] as string | undefined) ?? ""}`);
  if (strategy.includes("retainKeys")) parts.push("K");
  if (strategy === "replace") parts.push("R");
  return parts.join(" ");
}
