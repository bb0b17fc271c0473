/** Simple paths of names, as definitions write them for scales and selectable fields: ".spec.replicas". */
import { getOwn, isObject, setOwn } from "@kubets/machinery/json-value";

export const pathNames = (path: string): readonly string[] => path.slice(path.startsWith(".") ? 1 : 0).split(".");

export function valueAt(object: unknown, names: readonly string[]): unknown {
  let value = object;
  for (const name of names) value = isObject(value) ? getOwn(value, name) : undefined;
  return value;
}

/** Sets a value, making the objects on the way to it. */
export function setValueAt(draft: object, names: readonly string[], value: unknown): void {
  const last = names.at(-1) as string;
  let at = draft as Record<string, unknown>;
  for (const name of names.slice(0, -1)) {
    if (!isObject(getOwn(at, name))) setOwn(at, name, {});
    at = at[name] as Record<string, unknown>;
  }
  setOwn(at, last, value);
}
