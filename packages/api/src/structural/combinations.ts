/** allOf, anyOf, oneOf and not: schemas that a value must fit together, or instead of each other. */
import type { FieldError } from "@kubets/machinery";
import type { Correlated } from "./correlate.ts";
import type { Schema } from "./schema.ts";
import type { Validation } from "./validate.ts";

interface Tried {
  readonly errors: FieldError[];
  readonly applied: number;
}

/** Notes what is wrong; gives how much applied. */
export function combinationErrors(
  found: Validation,
  schema: Schema,
  value: unknown,
  path: string,
  old: Correlated | undefined,
): number {
  const { anyOf, oneOf, allOf, not } = schema;
  if (!anyOf && !oneOf && !allOf && !not) return 2;
  const attempt = (inner: Schema): Tried => tried(found, inner, value, path, old);
  let applied = 2;
  if (anyOf?.length) applied += anyErrors(found, anyOf, attempt, path);
  if (oneOf?.length) applied += oneErrors(found, oneOf, attempt, path);
  if (allOf?.length) applied += allErrors(found, allOf, attempt, path);
  if (not && attempt(not).errors.length === 0) found.say(`${JSON.stringify(path)} must not validate the schema (not)`);
  return applied;
}

/** What a schema finds, kept apart. */
function tried(found: Validation, schema: Schema, value: unknown, path: string, old: Correlated | undefined): Tried {
  const before = found.errors;
  found.errors = [];
  try {
    const applied = found.check(schema, value, path, old);
    return { errors: found.errors, applied };
  } finally {
    found.errors = before;
  }
}

type Attempt = (schema: Schema) => Tried;

function anyErrors(found: Validation, schemas: readonly Schema[], attempt: Attempt, path: string): number {
  let best: Tried | undefined;
  for (const schema of schemas) {
    const result = attempt(schema);
    if (result.errors.length === 0) return result.applied;
    if (!best || result.applied > best.applied) best = result;
  }
  found.say(`${JSON.stringify(path)} must validate at least one schema (anyOf)`);
  return take(found, best);
}

function oneErrors(found: Validation, schemas: readonly Schema[], attempt: Attempt, path: string): number {
  const results = schemas.map(attempt);
  const fitting = results.filter(({ errors }) => errors.length === 0);
  if (fitting.length === 1) return fitting[0]?.applied ?? 0;
  const many = fitting.length ? `Found ${fitting.length} valid alternatives` : "Found none valid";
  found.say(`${JSON.stringify(path)} must validate one and only one schema (oneOf). ${many}`);
  if (fitting.length) return 0;
  return take(
    found,
    results.reduce((best, result) => (result.applied > best.applied ? result : best)),
  );
}

function allErrors(found: Validation, schemas: readonly Schema[], attempt: Attempt, path: string): number {
  const results = schemas.map(attempt);
  for (const { errors } of results) found.errors.push(...errors);
  const fitting = results.filter(({ errors }) => errors.length === 0).length;
  if (fitting < results.length)
    found.say(
      `${JSON.stringify(path)} must validate all the schemas (allOf)${fitting === 0 ? ". None validated" : ""}`,
    );
  return results.reduce((sum, { applied }) => sum + applied, 0);
}

function take(found: Validation, result: Tried | undefined): number {
  found.errors.push(...(result?.errors ?? []));
  return result?.applied ?? 0;
}
