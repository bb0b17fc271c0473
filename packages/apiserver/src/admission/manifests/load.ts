/**
 * From files to webhooks or policies: read strictly, with the defaults and checks of the API, and by the rules for what no API shows. All or nothing: one
 * mistake refuses everything.
 */
import { STATIC_NAME_END } from "@kubets/api/admissionregistration/static-names";
import { DecodeError, decode, strictText, unknownFieldText } from "@kubets/api/codec/decode";
import type { Draft, KubeObject } from "@kubets/api/meta";
import type { ResourceDefinition, WriteContext } from "@kubets/api/resource";
import { groupVersion } from "@kubets/api/resource-ref";
import { fieldErrorText } from "@kubets/machinery";
import { isObject, type JsonObject, type JsonValue } from "@kubets/machinery/json-value";
import { parseYamlDocuments, YamlError } from "@kubets/machinery/yaml";
import { fillDefaults } from "../../write/prepare.ts";
import { validateMetadata } from "../../write/validate.ts";
import type { ManifestFile } from "./read-folder.ts";
import { policyOf, restrictionOf } from "./restrictions.ts";

export class ManifestError extends Error {}

/** The kinds that a folder may hold. */
type Kinds = readonly ResourceDefinition[];

/** Throws a ManifestError that names the file. */
export function loadManifests(files: readonly ManifestFile[], kinds: Kinds, context: WriteContext): KubeObject[] {
  const fileOf = new Map<string, string>();
  const objects = files.flatMap(({ path, text }) => {
    try {
      return documentsOf(text).flatMap((document) => {
        const found = objectsOf(document, kinds, context);
        for (const object of found) checkObject(object, path, fileOf);
        return found;
      });
    } catch (error) {
      if (error instanceof ManifestError || error instanceof YamlError || error instanceof DecodeError)
        throw new ManifestError(`error loading ${path}: ${error.message}`, { cause: error });
      throw error;
    }
  });
  checkReferences(objects);
  return objects;
}

function documentsOf(text: string): JsonValue[] {
  const duplicates: string[] = [];
  const documents = parseYamlDocuments(text, { duplicates });
  if (duplicates.length) throw new ManifestError(strictText(duplicates));
  return documents;
}

/** One object, or those of a list: of a kind's own, or of any. */
function objectsOf(document: JsonValue, kinds: Kinds, context: WriteContext): KubeObject[] {
  if (!isObject(document)) throw new ManifestError("an object with apiVersion and kind is wanted");
  const { apiVersion, kind } = document;
  if (apiVersion === "v1" && kind === "List")
    return itemsOf(document).flatMap((item) => objectsOf(item, kinds, context));
  const ofVersion = kinds.filter((definition) => groupVersion(definition) === apiVersion);
  const single = ofVersion.find((definition) => definition.kind === kind);
  if (single) return [objectOf(document, single, context)];
  const listed = ofVersion.find((definition) => `${definition.kind}List` === kind);
  if (listed) return itemsOf(document).map((item) => objectOf(item, listed, context));
  throw new ManifestError(`unsupported resource type ${String(apiVersion)}, Kind=${String(kind)}`);
}

const LIST_FIELDS = ["apiVersion", "kind", "metadata", "items"];

function itemsOf(list: JsonObject): readonly JsonValue[] {
  const unknown = Object.keys(list).filter((field) => !LIST_FIELDS.includes(field));
  if (unknown.length) throw new ManifestError(strictText(unknown.map(unknownFieldText)));
  const { items = [] } = list;
  if (!Array.isArray(items)) throw new ManifestError("items must be a list");
  return items;
}

function objectOf(value: JsonValue, definition: ResourceDefinition, context: WriteContext): KubeObject {
  const { object: decoded, unknown } = decode(definition.schema, value);
  if (unknown.length) throw new ManifestError(strictText(unknown.map(unknownFieldText)));
  const object = decoded as unknown as Draft<KubeObject>;
  object.kind = definition.kind;
  object.apiVersion = groupVersion(definition);
  fillDefaults(definition, object);
  object.metadata.name ??= "";
  const errors = [
    ...validateMetadata(definition, object as KubeObject),
    ...(definition.validate?.(object as KubeObject, context) ?? []),
  ];
  if (errors.length)
    throw new ManifestError(
      `${definition.kind} ${JSON.stringify(object.metadata.name)}: ${errors.map(fieldErrorText).join(", ")}`,
    );
  return object as KubeObject;
}

function checkObject(object: KubeObject, path: string, fileOf: Map<string, string>): void {
  const { kind, metadata } = object;
  const [name, file] = [JSON.stringify(metadata.name), JSON.stringify(path)];
  if (!metadata.name.endsWith(STATIC_NAME_END))
    throw new ManifestError(
      `${kind} ${name} in file ${file} must have a name ending with ${JSON.stringify(STATIC_NAME_END)}`,
    );
  const key = `${kind}/${metadata.name}`;
  const before = fileOf.get(key);
  if (before !== undefined)
    throw new ManifestError(
      `duplicate ${kind} name ${name} found in file ${file} (previously seen in ${JSON.stringify(before)})`,
    );
  fileOf.set(key, path);
  const restriction = restrictionOf(object);
  if (restriction !== undefined) throw new ManifestError(restriction);
}

/** A binding is of a policy of the same folder. */
function checkReferences(objects: readonly KubeObject[]): void {
  for (const object of objects) {
    const policy = policyOf(object);
    if (policy === undefined || objects.some((other) => !isBinding(other) && other.metadata.name === policy)) continue;
    throw new ManifestError(
      `binding ${JSON.stringify(object.metadata.name)} references policy ${JSON.stringify(policy)} which does not exist in the manifest directory`,
    );
  }
}

const isBinding = (object: KubeObject) => policyOf(object) !== undefined;
