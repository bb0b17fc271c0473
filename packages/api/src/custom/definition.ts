/**
 * The resource that a version of a CustomResourceDefinition defines: the same data from which built-in resources are served. Its schema is looked
 * up where the definition stands and held only while it is used, so that a thousand definitions cost little more than their names.
 */
import { dns1123Subdomain } from "@kubets/machinery";
import type {
  CustomResourceDefinition,
  CustomResourceDefinitionNames,
  CustomResourceDefinitionVersion,
} from "../generated/types/apiextensions-v1.ts";
import { compareVersions } from "../group-priority.ts";
import type { KubeObject } from "../meta.ts";
import type { JsonSchema } from "../openapi/json-schema.ts";
import type { Hub, ResourceDefinition, Verb } from "../resource.ts";
import { groupVersion } from "../resource-ref.ts";
import type { Schema } from "../structural/schema.ts";
import { customTable } from "./columns.ts";
import { readObject } from "./conversion.ts";
import { scalePaths } from "./scale.ts";
import { selectableFields } from "./selectable.ts";
import { customStrategy, statusStrategy } from "./strategy.ts";
import { customStruct } from "./struct.ts";

/** In the order in which discovery tells them. */
const VERBS: readonly Verb[] = ["delete", "deletecollection", "get", "list", "patch", "create", "update", "watch"];

interface CustomVersion {
  readonly crd: CustomResourceDefinition;
  readonly version: CustomResourceDefinitionVersion;
  /** The schema of the version, from wherever the definition is kept. */
  readonly schema: () => Schema;
  readonly schemaId?: string;
  /** Set where objects are stored otherwise than this version shows them. */
  readonly hub?: Hub;
  /** Set where a webhook converts between the versions. */
  readonly convert?: ResourceDefinition["convert"];
  /** Whether the definition goes, asked whenever an object is made. */
  readonly isGoing?: () => boolean;
  /** Set where objects are stored as they are served: what was stored under another schema is read by today's. */
  readonly reads?: boolean;
}

export function customDefinition({
  crd,
  version,
  schema,
  schemaId,
  hub,
  convert,
  isGoing,
  reads,
}: CustomVersion): ResourceDefinition {
  // What is made here lives as long as the kind is served: its functions must not name `crd` or `version`, which hold the schema.
  const { group, scope } = crd.spec;
  const { name } = version;
  const names = crd.status.acceptedNames;
  const { status, scale } = version.subresources ?? {};
  const deprecation = deprecationOf(crd, version);
  const selectable = selectableFields(version.selectableFields ?? []);
  const struct = heldWeakly(() => customStruct(schema()));
  const apiVersion = groupVersion({ group, version: name });
  const schemaNow = () => struct().open as Schema;
  return {
    group,
    version: name,
    resource: names.plural,
    kind: names.kind,
    namespaced: scope === "Namespaced",
    singular: names.singular ?? "",
    ...namesOf(names),
    isCustom: true,
    ...(schemaId !== undefined && { schemaId }),
    verbs: VERBS,
    get schema() {
      return struct();
    },
    get openApiSchema() {
      return schemaNow() as JsonSchema;
    },
    storagePrefix: storagePrefix(crd),
    ...(hub && { hub }),
    ...(convert && { convert }),
    ...(reads && { read: (object: KubeObject) => readObject(schemaNow(), { ...object, apiVersion }) }),
    ...customStrategy(schemaNow, { hasStatus: status !== undefined, scale }),
    ...(schemaId !== undefined && {
      customRules: () => ({
        key: `${schemaId} ${name} ${JSON.stringify([status !== undefined, scale])}`,
        rules: { schema: schemaNow(), hasStatus: status !== undefined, scale },
      }),
    }),
    validateName: dns1123Subdomain,
    unconditionalUpdate: false,
    subresources: {
      ...(status && { status: statusStrategy(schemaNow, scale) }),
      ...(scale && { scale: { type: "scale" as const, replicas: scalePaths(scale) } }),
    },
    selectableFields: selectable,
    unknownField: (field) => `field label not supported: ${field}`,
    table: customTable(version.additionalPrinterColumns),
    ...(deprecation !== undefined && { deprecation }),
    get closed() {
      return isGoing?.() ? CLOSED : undefined;
    },
  };
}

const CLOSED = "create not allowed while custom resource definition is terminating";

/** How objects of several versions are kept: as they were sent, but for the version that they name. */
export function storedDefinition(crd: CustomResourceDefinition): ResourceDefinition {
  const version = crd.spec.versions.find(({ storage }) => storage) as CustomResourceDefinitionVersion;
  return customDefinition({ crd, version, schema: () => ANYTHING });
}

const ANYTHING: Schema = { type: "object", "x-kubernetes-preserve-unknown-fields": true };

const storagePrefix = ({ spec }: CustomResourceDefinition): string => `/registry/${spec.group}/${spec.names.plural}`;

const namesOf = ({ shortNames, categories }: CustomResourceDefinitionNames) => ({
  ...(shortNames?.length && { shortNames }),
  ...(categories?.length && { categories }),
});

function heldWeakly<T extends object>(make: () => T): () => T {
  let held: WeakRef<T> | undefined;
  return () => {
    const known = held?.deref();
    if (known) return known;
    const made = make();
    held = new WeakRef(made);
    return made;
  };
}

/** What users of a deprecated version are told: the definition's own words, or which version to use. */
function deprecationOf(
  { spec, status }: CustomResourceDefinition,
  version: CustomResourceDefinitionVersion,
): string | undefined {
  if (!version.deprecated) return undefined;
  if (version.deprecationWarning != null) return version.deprecationWarning;
  const { kind } = status.acceptedNames;
  const [better] = spec.versions
    .filter(({ name, served, deprecated }) => served && !deprecated && compareVersions(name, version.name) < 0)
    .map(({ name }) => name)
    .sort(compareVersions);
  const instead = better === undefined ? "" : `; use ${spec.group}/${better} ${kind}`;
  return `${spec.group}/${version.name} ${kind} is deprecated${instead}`;
}
