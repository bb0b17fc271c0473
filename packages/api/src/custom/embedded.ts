/** Objects inside of objects (`x-kubernetes-embedded-resource`): each says its kind, and its metadata is as any object's. */
import { dns1035Label, type FieldError, invalidValue, pathSegmentName, required } from "@kubets/machinery";
import type { ObjectMeta } from "../generated/types/meta-v1.ts";
import { validateObjectMetadata } from "../metadata-checks.ts";
import { isEmbedded, itemsOf, memberOf, type Schema } from "../structural/schema.ts";

export function embeddedErrors(schema: Schema, value: unknown, field = ""): FieldError[] {
  if (typeof value !== "object" || value === null || !hasEmbedded(schema)) return [];
  if (Array.isArray(value)) {
    const items = itemsOf(schema);
    return items ? value.flatMap((item, i) => embeddedErrors(items, item, `${field}[${i}]`)) : [];
  }
  const own = isEmbedded(schema) ? objectErrors(value as Embedded, field) : [];
  const inside = Object.entries(value).flatMap(([name, inner]) => {
    const member = memberOf(schema, name);
    return member ? embeddedErrors(member, inner, field ? `${field}.${name}` : name) : [];
  });
  return [...own, ...inside];
}

interface Embedded {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata?: ObjectMeta;
}

function objectErrors({ apiVersion, kind, metadata }: Embedded, field: string): FieldError[] {
  const errors: FieldError[] = [];
  if (apiVersion === undefined) errors.push(required(`${field}.apiVersion`));
  else if (apiVersion.split("/").length > 2)
    errors.push(invalidValue(`${field}.apiVersion`, apiVersion, `unexpected GroupVersion string: ${apiVersion}`));
  if (kind === undefined) errors.push(required(`${field}.kind`));
  else errors.push(...kindErrors(kind, `${field}.kind`));
  return metadata ? [...errors, ...metadataErrors(metadata, `${field}.metadata`)] : errors;
}

function kindErrors(kind: string, field: string): FieldError[] {
  const texts = dns1035Label(kind.toLowerCase());
  const detail = `may have mixed case, but should otherwise match: ${texts.join(",")}`;
  return texts.length ? [invalidValue(field, kind, detail)] : [];
}

function metadataErrors(metadata: ObjectMeta, field: string): FieldError[] {
  const { name = "" } = metadata;
  const names = name ? pathSegmentName(name).map((text) => invalidValue(`${field}.name`, name, text)) : [];
  return [...names, ...validateObjectMetadata(metadata, field)];
}

/** Most schemas embed nothing, and are not walked. */
const known = new WeakMap<Schema, boolean>();

function hasEmbedded(schema: Schema): boolean {
  let has = known.get(schema);
  if (has === undefined) {
    const inside = [itemsOf(schema), memberOf(schema, ""), ...Object.values(schema.properties ?? {})];
    has = isEmbedded(schema) || inside.some((inner) => inner !== undefined && hasEmbedded(inner));
    known.set(schema, has);
  }
  return has;
}
