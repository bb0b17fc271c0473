/** All errors of a write: of the metadata that every kind has, then of the kind itself, which may take long and is then found out in another thread. */
import { noteRatcheted } from "@kubets/api/custom/strategy";
import type { KubeObject } from "@kubets/api/meta";
import { validateObjectMetadata, validateStandardFinalizers } from "@kubets/api/metadata-checks";
import type { PartStrategy, ResourceDefinition, WriteContext } from "@kubets/api/resource";
import { ruleTimes } from "@kubets/api/rules/rule-times";
import {
  dns1123Subdomain,
  type FieldError,
  forbiddenField,
  invalidValue,
  requestEntityTooLarge,
  required,
} from "@kubets/machinery";
import { joined } from "@kubets/machinery/joined";
import { inOneStretch, TooLong } from "@kubets/machinery/stretch";
import { longWork } from "../long-work/long-work.ts";

type Errors = FieldError[] | Promise<FieldError[]>;

export function validateCreate(definition: ResourceDefinition, object: KubeObject, context: WriteContext): Errors {
  const named = withName(object);
  const metadata = validateMetadata(definition, object);
  const ofName = definition.validateNewName?.(named, context);
  if (ofName) metadata.push(...ofName);
  const { validate } = definition;
  if (!validate) return metadata;
  return behind(
    metadata,
    judged(() => validate(named, context), { definition, subresource: "", object: named }),
  );
}

/** A kind's own checks may look at the name: one that nobody gave is empty to them. */
const withName = (object: KubeObject): KubeObject =>
  object.metadata.name === undefined ? { ...object, metadata: { ...object.metadata, name: "" } } : object;

export function validateUpdate(
  definition: ResourceDefinition,
  { name: subresource, strategy }: { name: string; strategy: Pick<PartStrategy, "validateUpdate"> },
  object: KubeObject,
  old: KubeObject,
  context: WriteContext,
): Errors {
  const metadata = validateMetadata(definition, object);
  const change = validateMetadataUpdate(object, old);
  const { validateUpdate: validate } = strategy;
  const own = validate ? judged(() => validate(object, old, context), { definition, subresource, object, old }) : [];
  if (metadata.length === 0 && change.length === 0) return own;
  // Causes are told as often as the original finds them: once for all kinds and once for the kind, each time with the change, too.
  const changed = joined(
    metadata.filter(({ field }) => LOOKED_AT_WITH_CHANGE.test(field)),
    change,
  );
  return behind(joined(metadata, changed, changed, metadata), own);
}

function behind(first: FieldError[], own: Errors): Errors {
  return own instanceof Promise ? own.then((found) => joined(first, found)) : joined(first, own);
}

interface Judging {
  readonly definition: ResourceDefinition;
  readonly subresource: string;
  readonly object: KubeObject;
  readonly old?: KubeObject;
}

/** Here, if one stretch is enough. */
function judged(judge: () => FieldError[], judging: Judging): Errors {
  try {
    return inOneStretch(judge);
  } catch (error) {
    if (error instanceof TooLong) return judgedElsewhere(judging);
    throw error;
  }
}

async function judgedElsewhere({ definition, subresource, object, old }: Judging): Promise<FieldError[]> {
  const { group, version, resource } = definition;
  const kind = definition.customRules?.() ?? { group, version, resource };
  const judged = await longWork.judge({ kind, subresource, object, ...(old && { old }) });
  if ("tooLong" in judged)
    throw requestEntityTooLarge(
      `${definition.kind} ${JSON.stringify(object.metadata.name)} is too large to be validated in time: make it smaller, or its schema and rules simpler`,
    );
  noteRatcheted(object, judged.ratcheted);
  ruleTimes.add(judged.times);
  return judged.errors;
}

const LOOKED_AT_WITH_CHANGE = /^metadata\.(labels|annotations|ownerReferences|managedFields)/;

/** What every kind is asked of its metadata. */
export function validateMetadata(definition: ResourceDefinition, { metadata }: KubeObject): FieldError[] {
  const validateName = definition.validateName ?? dns1123Subdomain;
  const errors: FieldError[] = [];
  if (metadata.generateName)
    for (const text of validateName(withoutEnd(metadata.generateName), true))
      errors.push(invalidValue("metadata.generateName", metadata.generateName, text));
  if (!metadata.name) errors.push(required("metadata.name", "name or generateName is required"));
  else
    for (const text of validateName(metadata.name, false))
      errors.push(invalidValue("metadata.name", metadata.name, text));
  errors.push(...validateObjectMetadata(metadata));
  const isExtension = definition.isCustom || EXTENSIONS.has(definition.group);
  return isExtension ? errors : joined(errors, validateStandardFinalizers(metadata));
}

const EXTENSIONS = new Set(["apiextensions.k8s.io", "apiregistration.k8s.io"]);

/** A prefix may end in a dash: what is put behind it is a letter or digit. */
const withoutEnd = (prefix: string) => (prefix.endsWith("-") && prefix.length > 1 ? `${prefix.slice(0, -1)}a` : prefix);

/** What stays as it was from creation on. */
function validateMetadataUpdate({ metadata }: KubeObject, { metadata: old }: KubeObject): FieldError[] {
  const errors: FieldError[] = [];
  if (old.deletionTimestamp) {
    const added = (metadata.finalizers ?? []).filter((f) => !old.finalizers?.includes(f));
    if (added.length)
      errors.push(
        forbiddenField(
          "metadata.finalizers",
          `no new finalizers can be added if the object is being deleted, found new finalizers []string{${added.map((f) => JSON.stringify(f)).join(", ")}}`,
        ),
      );
  }
  for (const field of IMMUTABLE)
    if (metadata[field] !== old[field])
      errors.push(invalidValue(`metadata.${field}`, metadata[field], "field is immutable"));
  return errors;
}

const IMMUTABLE = [
  "name",
  "namespace",
  "uid",
  "creationTimestamp",
  "deletionTimestamp",
  "deletionGracePeriodSeconds",
] as const;
