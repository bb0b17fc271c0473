/** Compiles an expression for what it must give, and says what is wrong in the words that clients of the original know. */
import { type CelType, celTypes, type Environment, formatIssues, formatType, type Program } from "@kubets/cel";
import { type FieldError, invalidValue } from "@kubets/machinery";
import { jsonPatchType, objectType } from "./environment.ts";

export type CompiledExpression =
  | { readonly program: Program; readonly error?: undefined }
  | { readonly program?: undefined; readonly error: string };

/** What expressions are wanted for, and the types that they may then have; anything where there are none. */
export const wanted = {
  condition: [celTypes.bool],
  message: [celTypes.string],
  annotation: [celTypes.string, celTypes.null],
  object: [objectType],
  jsonPatch: [celTypes.list(jsonPatchType)],
  anything: [],
} as const satisfies Record<string, readonly CelType[]>;

export function compileExpression(
  text: string,
  environment: Environment,
  types: readonly CelType[],
): CompiledExpression {
  const compiled = environment.compile(text);
  if (!compiled.ok) return { error: `compilation failed: ${formatIssues(compiled.errors)}` };
  const { program } = compiled;
  const [found, names] = [typeText(program.type), types.map(typeText)];
  if (types.length === 0 || names.includes(found)) return { program };
  const one = names.length === 1 ? names[0] : `one of [${names.join(" ")}]`;
  return { error: `must evaluate to ${one} but got ${found}` };
}

/** As messages about results name types. */
function typeText(type: CelType): string {
  if (type.kind === "null") return "null_type";
  if (type.kind === "timestamp") return "google.protobuf.Timestamp";
  return type.kind === "duration" ? "google.protobuf.Duration" : formatType(type);
}

/** For validation: nothing is said of an expression that is not there. */
export function expressionErrors(
  text: string | undefined,
  environment: Environment,
  types: readonly CelType[],
  field: string,
): FieldError[] {
  if (!text?.trim()) return [];
  const { error } = compileExpression(text, environment, types);
  return error === undefined ? [] : [invalidValue(field, text, error)];
}
