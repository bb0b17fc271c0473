/** Parts of OpenAPI documents as plain data, and how the two versions of OpenAPI differ where they describe types. */
export type JsonSchema = { readonly [key: string]: unknown };

export interface Dialect {
  readonly version: 2 | 3;
  /** A reference to a named schema, where other words may stand beside it. */
  refer(name: string): JsonSchema;
  readonly quantity: JsonSchema;
  readonly intOrString: JsonSchema;
}

export const openApiV3: Dialect = {
  version: 3,
  // Beside a bare reference nothing else counts; in a list of one it may have a description.
  refer: (name) => ({ allOf: [{ $ref: `#/components/schemas/${name}` }] }),
  quantity: { oneOf: [{ type: "string" }, { type: "number" }] },
  intOrString: { format: "int-or-string", oneOf: [{ type: "integer" }, { type: "string" }] },
};

export const openApiV2: Dialect = {
  version: 2,
  refer: (name) => ({ $ref: `#/definitions/${name}` }),
  quantity: { type: "string" },
  intOrString: { type: "string", format: "int-or-string" },
};

/** Texts for people, where they are at hand: of a type, or of one of its fields. */
export type Describe = (type: string, field?: string) => string | undefined;
