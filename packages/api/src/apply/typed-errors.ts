/** Whether a configuration is of its type, as strictly as server-side apply demands: known fields, right scalars, no item twice. */
import { elementText } from "./path-element.ts";
import { isMap, itemElement, memberShape, type Shape, shapeFor } from "./shape.ts";

/** What is wrong, or undefined. */
export function typedError(shape: Shape, object: object): string | undefined {
  const errors: string[] = [];
  check(shape, object, "", errors);
  if (errors.length < 2) return errors[0];
  return ["errors:", ...errors.map((error) => `  ${error}`)].join("\n");
}

function check(shape: Shape, value: unknown, path: string, errors: string[]): void {
  if (value === null || value === undefined) return;
  const type = shapeFor(shape, value);
  const fail = (text: string) => errors.push(path ? `${path}: ${text}` : text);
  if (type.kind === "list") {
    if (!Array.isArray(value)) fail(`expected list, got ${shown(value)}`);
    else checkItems(type, value, path, errors);
  } else if (type.kind === "map") {
    if (!isMap(value)) fail(`expected map, got ${shown(value)}`);
    else checkMembers(type, value, path, errors);
  } else {
    const wanted = type.scalar && WANTED[type.scalar];
    if (wanted && !wanted.fits(value)) fail(`expected ${wanted.name}, got ${shown(value)}`);
  }
}

function checkItems(shape: Shape, items: readonly unknown[], path: string, errors: string[]): void {
  const seen = new Set<string>();
  for (const [i, item] of items.entries()) {
    const element = shape.atomic ? `i:${i}` : itemElement(shape, item);
    if (seen.has(element)) errors.push(`${path}: duplicate entries for key ${elementText(element)}`);
    seen.add(element);
    check(shape.item as Shape, item, path + elementText(element), errors);
  }
}

function checkMembers(shape: Shape, object: object, path: string, errors: string[]): void {
  for (const [name, value] of Object.entries(object)) {
    const member = memberShape(shape, name);
    const at = `${path}.${name}`;
    if (member) check(member, value, at, errors);
    else errors.push(`${at}: field not declared in schema`);
  }
}

const number = {
  name: "numeric (int or float)",
  fits: (value: unknown) => typeof value === "number" || typeof value === "bigint",
};
const string = { name: "string", fits: (value: unknown) => typeof value === "string" };
const bool = { name: "boolean", fits: (value: unknown) => typeof value === "boolean" };
const WANTED: Readonly<Record<string, { name: string; fits(value: unknown): boolean }>> = {
  string,
  bytes: string,
  bool,
  int32: number,
  int64: number,
  double: number,
};

/** A value as the original's messages show it. */
function shown(value: unknown): string {
  if (Array.isArray(value)) return `&{[${value.map((item) => String(item)).join(" ")}]}`;
  if (isMap(value))
    return `&map[${Object.entries(value)
      .map(([k, v]) => `${k}:${String(v)}`)
      .join(" ")}]`;
  return `&value.valueUnstructured{Value:${typeof value === "string" ? JSON.stringify(value) : String(value)}}`;
}
