/** The parts of a JSONPath template, as the parser gives them and the evaluation walks them. */
export type Step =
  | { readonly type: "field"; readonly name: string }
  | { readonly type: "wildcard" }
  | { readonly type: "recursive" }
  | {
      readonly type: "slice";
      readonly start?: number;
      readonly end?: number;
      readonly step?: number;
      readonly single: boolean;
    }
  | { readonly type: "union"; readonly paths: readonly (readonly Step[])[] }
  | { readonly type: "filter"; readonly left: Operand; readonly operator: string; readonly right: Operand }
  | { readonly type: "literal"; readonly value: string | number | boolean };

/** A path below the present value, or a literal. */
export type Operand = readonly Step[];

export type Node =
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "path"; readonly steps: readonly Step[] }
  | { readonly type: "range"; readonly steps: readonly Step[]; readonly body: readonly Node[] };

export class JsonPathError extends Error {
  override readonly name = "JsonPathError";
}
