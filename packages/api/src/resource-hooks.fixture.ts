/** Runs the hooks of a definition as the API server's road does, for tests of single kinds. */
import { type FieldError, fieldErrorText } from "@kubets/machinery";
import { canonical } from "./codec/canonical.ts";
import type { Draft, KubeObject } from "./meta.ts";
import type { ResourceDefinition, WriteContext } from "./resource.ts";
import { groupVersion } from "./resource-ref.ts";

export const testContext: WriteContext = {
  now: "2026-01-01T00:00:00Z",
  featureEnabled: () => false,
  allowPrivileged: true,
};

const texts = (errors: readonly FieldError[] | undefined): string[] => (errors ?? []).map(fieldErrorText);

function read<T extends KubeObject>(definition: ResourceDefinition<T>, body: object): Draft<T> {
  const draft = canonical(
    definition.schema,
    structuredClone({ ...body, apiVersion: groupVersion(definition), kind: definition.kind }),
  ) as unknown as Draft<T>;
  definition.defaults?.(draft);
  return draft;
}

/** The object as it would be stored, and the texts of what is wrong with it. */
export function created<T extends KubeObject>(
  definition: ResourceDefinition<T>,
  body: object,
): { object: T; errors: string[] } {
  const draft = read(definition, {
    ...body,
    metadata: { name: "a", namespace: "default", uid: "uid-1", ...(body as { metadata?: object }).metadata },
  });
  definition.prepareForCreate?.(draft, testContext);
  const object = canonical(definition.schema, draft) as unknown as T;
  return { object, errors: texts(definition.validate?.(object, testContext)) };
}

/** The object after a change of some of its top-level parts. */
export function updated<T extends KubeObject>(
  definition: ResourceDefinition<T>,
  old: T,
  change: object,
): { object: T; errors: string[] } {
  const draft = read(definition, { ...old, ...change });
  definition.prepareForUpdate?.(draft, old, testContext);
  const object = canonical(definition.schema, draft) as unknown as T;
  return { object, errors: texts(definition.validateUpdate?.(object, old, testContext)) };
}
