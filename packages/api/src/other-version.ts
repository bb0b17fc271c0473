/**
 * Further versions of a resource whose objects are stored in one. What holds of the stored version (hooks, subresources, table, selectable fields)
 * holds of the others: as it is where they say the same in the same fields, through a conversion where their shapes differ.
 */
import { canonical } from "./codec/canonical.ts";
import { define } from "./define.ts";
import type { Draft, KubeObject, PlainObject } from "./meta.ts";
import type { Hub, ResourceDefinition, Subresource } from "./resource.ts";
import { groupVersion, type ResourceRef } from "./resource-ref.ts";

/** The way between the fields of a version and those of the stored one; neither changes what it is given. */
export interface Shapes {
  toHub(object: PlainObject): PlainObject;
  fromHub(object: PlainObject): PlainObject;
}

interface Particular {
  readonly stability: "alpha" | "beta";
  /** The release in which the version was deprecated, and that in which it goes. */
  readonly deprecated?: readonly [since: string, gone?: string, use?: ResourceRef];
  readonly shapes?: Shapes;
}

export function otherVersion<T extends KubeObject, H extends KubeObject>(
  stored: ResourceDefinition<H>,
  ref: ResourceRef<T>,
  { stability, deprecated, shapes }: Particular,
): ResourceDefinition<T> {
  const hub = stored as unknown as ResourceDefinition;
  const way: Hub = {
    resource: () => hub,
    toHub: (object) => moved(object, hub, shapes && [hub, shapes.toHub]),
    fromHub: (object) => moved(object, ref, shapes && [definition, shapes.fromHub]),
  };
  // The schema is each version's own.
  const { schema: _, ...shared } = Object.getOwnPropertyDescriptors(shapes ? asked(hub, way) : hub);
  const definition: ResourceDefinition = define<KubeObject>(ref as unknown as ResourceRef, {
    ...(Object.defineProperties({}, shared) as Partial<ResourceDefinition>),
    ...ref,
    stability,
    ...(hub.unknownField && {
      unknownField: (field: string) => hub.unknownField?.(field).replace(groupVersion(hub), groupVersion(ref)) ?? "",
    }),
    ...(deprecated && { deprecation: deprecation(ref, ...deprecated) }),
    hub: way,
  });
  return definition as unknown as ResourceDefinition<T>;
}

/** An object as one of another version; where the shapes differ, its fields in the order in which that one writes them. */
function moved(
  object: KubeObject,
  to: ResourceRef,
  shape: readonly [Pick<ResourceDefinition, "schema">, Shapes["toHub"]] | undefined,
): Draft<KubeObject> {
  const plain: PlainObject = { ...object, apiVersion: groupVersion(to) };
  return (shape ? canonical(shape[0].schema, shape[1](plain)) : plain) as unknown as Draft<KubeObject>;
}

/** What is told to whoever uses a version that goes. */
export function deprecation(ref: ResourceRef, since: string, gone?: string, use?: ResourceRef): string {
  const until = gone ? `, unavailable in v${gone}+` : "";
  const instead = use ? `; use ${groupVersion(use)} ${use.kind}` : "";
  return `${groupVersion(ref)} ${ref.kind} is deprecated in v${since}+${until}${instead}`;
}

/** The hooks of a resource, asked about objects of another shape. */
function asked(hub: ResourceDefinition, way: Hub): ResourceDefinition {
  const view = (object: KubeObject) => way.toHub(object) as KubeObject;
  const changed =
    <Rest extends unknown[]>(change: (object: Draft<KubeObject>, ...rest: Rest) => void) =>
    (object: Draft<KubeObject>, ...rest: Rest) => {
      const asHub = way.toHub(object as KubeObject);
      change(asHub, ...rest);
      for (const key of Object.keys(object)) delete (object as unknown as PlainObject)[key];
      Object.assign(object, way.fromHub(asHub as KubeObject));
    };
  const { defaults, prepareForCreate, prepareForUpdate, validate, table, selectableFields = {} } = hub;
  const { subresources = {} } = hub;
  return {
    ...hub,
    ...askedUpdate(hub, view),
    ...(defaults && { defaults: changed(defaults) }),
    ...(prepareForCreate && { prepareForCreate: changed(prepareForCreate) }),
    ...(prepareForUpdate && {
      prepareForUpdate: (object, old, context) => changed(prepareForUpdate)(object, view(old), context),
    }),
    ...(validate && { validate: (object, context) => validate(view(object), context) }),
    ...(table && { table: { ...table, cells: (object, now) => table.cells(view(object), now) } }),
    selectableFields: mapValues(selectableFields, (read) => (object: KubeObject) => read(view(object))),
    // A part is put back by its name, whatever its shape.
    subresources: mapValues(subresources, (part) => ({ ...part, ...askedUpdate(part, view) }) as Subresource),
  };
}

function askedUpdate(
  hooks: object,
  view: (object: KubeObject) => KubeObject,
): Pick<ResourceDefinition, "validateUpdate"> {
  const { validateUpdate } = hooks as Pick<ResourceDefinition, "validateUpdate">;
  if (!validateUpdate) return {};
  return { validateUpdate: (object, old, context) => validateUpdate(view(object), view(old), context) };
}

const mapValues = <V, W>(record: Readonly<Record<string, V>>, change: (value: V) => W): Record<string, W> =>
  Object.fromEntries(Object.entries(record).map(([name, value]) => [name, change(value)]));
