/** The parts of a configuration that server-side apply would set as a whole: what a policy does not name in them would be lost, so it may not name them. */
import { elementText } from "@kubets/api/apply/path-element";
import { itemElement, memberShape, type Shape, shapeFor } from "@kubets/api/apply/shape";

/** Their paths, as ".spec.selector". */
export function atomicParts(shape: Shape, value: unknown, path = ""): string[] {
  const known = shapeFor(shape, value);
  if (typeof value !== "object" || value === null) return [];
  if (known.atomic && path !== "") return [path];
  if (Array.isArray(value))
    return value.flatMap((item) =>
      known.item ? atomicParts(known.item, item, `${path}${elementText(itemElement(known, item))}`) : [],
    );
  return Object.entries(value).flatMap(([name, member]) => {
    const below = memberShape(known, name);
    return below ? atomicParts(below, member, `${path}.${name}`) : [];
  });
}
