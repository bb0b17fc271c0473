/**
 * What a server would say of definitions of custom resources, and of objects of the kinds that they define, without one. Pure: documents in,
 * findings out, in the order of the documents.
 */
import { customResourceDefinitionResource as resource } from "@kubets/api/apiextensions/custom-resource-definition";
import { DecodeError, decode } from "@kubets/api/codec/decode";
import { fillDefaults } from "@kubets/api/codec/defaults";
import { customDefinition } from "@kubets/api/custom/definition";
import { customStruct } from "@kubets/api/custom/struct";
import type { CustomResourceDefinition } from "@kubets/api/generated/types/apiextensions-v1";
import type { Draft, KubeObject } from "@kubets/api/meta";
import type { WriteContext } from "@kubets/api/resource";
import { type FieldError, fieldErrorBody } from "@kubets/machinery";
import { isObject } from "@kubets/machinery/json-value";

export interface Finding {
  /** Which document of the file, from 0. */
  readonly document: number;
  /** The field; empty where the whole document is meant. */
  readonly field: string;
  readonly text: string;
  /** A server takes it, and warns. */
  readonly isWarning: boolean;
}

interface Checked {
  readonly findings: readonly Finding[];
  readonly definitions: number;
  readonly objects: number;
}

const CONTEXT: WriteContext = { now: "1970-01-01T00:00:00Z", allowPrivileged: true, featureEnabled: () => true };
const API_VERSION = "apiextensions.k8s.io/v1";

interface Said {
  readonly apiVersion?: string;
  readonly kind?: string;
}

export function checkDocuments(documents: readonly unknown[]): Checked {
  const findings: Finding[] = [];
  const definitions: CustomResourceDefinition[] = [];
  const others: [number, Said][] = [];
  for (const [document, value] of documents.entries()) {
    if (value === null) continue;
    const say = (field: string, text: string, isWarning = false) => findings.push({ document, field, text, isWarning });
    if (!isObject(value)) say("", "is no object");
    else if (value["kind"] !== "CustomResourceDefinition") others.push([document, value as Said]);
    else if (value["apiVersion"] !== API_VERSION)
      say("apiVersion", `no server knows ${String(value["apiVersion"])} any more; write ${API_VERSION}`);
    else {
      const definition = checkDefinition(value, say);
      if (definition) definitions.push(definition);
    }
  }
  let objects = 0;
  for (const [document, value] of others) {
    const found = checkObject(value, definitions);
    if (!found) continue;
    objects++;
    findings.push(...found.map((finding) => ({ ...finding, document })));
  }
  return { findings: findings.toSorted((a, b) => a.document - b.document), definitions: definitions.length, objects };
}

/** The definition as a server would have it, when nothing is wrong with it. */
function checkDefinition(
  value: unknown,
  say: (field: string, text: string, isWarning?: boolean) => void,
): CustomResourceDefinition | undefined {
  let draft: Draft<CustomResourceDefinition>;
  try {
    const { object, unknown } = decode(resource.schema, value);
    for (const field of unknown) say(field, "is no field of a definition", true);
    fillDefaults(resource.schema, object);
    draft = object as unknown as Draft<CustomResourceDefinition>;
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    say("", error.message);
    return undefined;
  }
  resource.defaults?.(draft);
  resource.prepareForCreate?.(draft, CONTEXT);
  const definition = draft as CustomResourceDefinition;
  const errors = resource.validate?.(definition, CONTEXT) ?? [];
  for (const error of errors) say(error.field, fieldErrorBody(error));
  if (errors.length) return undefined;
  for (const warning of resource.warnings?.(definition, undefined, CONTEXT) ?? []) say("", warning, true);
  return { ...definition, status: { ...definition.status, acceptedNames: definition.spec.names } };
}

/** Undefined for an object of a kind that none of the definitions defines. */
function checkObject(
  value: Said,
  definitions: readonly CustomResourceDefinition[],
): Omit<Finding, "document">[] | undefined {
  for (const crd of definitions) {
    const { spec } = crd;
    const version = spec.versions.find(({ name }) => `${spec.group}/${name}` === value.apiVersion);
    if (!version || spec.names.kind !== value.kind) continue;
    const schema = version.schema?.openAPIV3Schema ?? {};
    const finding = ({ field, ...error }: FieldError) => ({
      field,
      text: fieldErrorBody({ field, ...error }),
      isWarning: false,
    });
    try {
      const { object, unknown } = decode(customStruct(schema), value);
      fillDefaults(customStruct(schema), object);
      const custom = customDefinition({ crd, version, schema: () => schema });
      const errors = custom.validate?.(object as unknown as KubeObject, CONTEXT) ?? [];
      return [
        ...unknown.map((field) => ({ field, text: "is no field of the kind, and would be dropped", isWarning: true })),
        ...errors.map(finding),
      ];
    } catch (error) {
      if (error instanceof DecodeError) return [{ field: "", text: error.message, isWarning: false }];
      throw error;
    }
  }
  return undefined;
}
