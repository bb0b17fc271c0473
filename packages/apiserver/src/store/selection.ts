/** From the query of a list or watch to what it selects. */
import type { KubeObject } from "@kubets/api/meta";
import type { ResourceDefinition } from "@kubets/api/resource";
import {
  badRequest,
  FieldSelectorError,
  LabelSelector,
  parseFieldSelector,
  parseLabelSelector,
  SelectorError,
} from "@kubets/machinery";
import { hasHash, shardHash, shardSelectorText } from "@kubets/machinery/shard-selector";
import type { CachedObject } from "./cached-object.ts";
import { parseShardSelector } from "./parse-shard-selector.ts";
import { fieldOf } from "./resource-cache.ts";
import type { Selection, Shard } from "./watch-hub.ts";

/** A field by whose value events are sent to few watchers, though they watch all namespaces. */
const PINNING_FIELDS = new Set(["spec.nodeName"]);

interface SelectionQuery {
  readonly namespace: string;
  /** Of a watch of one object by its path. */
  readonly name?: string;
  readonly labelSelector: string | null;
  readonly fieldSelector: string | null;
  readonly shardSelector?: string | null;
}

/** A selection that knows whether it takes everything in its namespace. */
export interface WholeSelection extends Selection {
  readonly whole: boolean;
}

/** A selection, with whether it takes everything in its namespace. Throws a StatusError when a selector is wrong. */
export function selectionOf(definition: ResourceDefinition, query: SelectionQuery): WholeSelection {
  const labels = query.labelSelector ? labelsOf(query.labelSelector) : undefined;
  const fields = query.fieldSelector ? fieldsOf(definition, query.fieldSelector) : [];
  const shard = query.shardSelector ? shardOf(query.shardSelector) : undefined;
  let name = query.name;
  let pinned: Selection["pinned"];
  for (const { field, operator, value } of fields) {
    if (operator === "!=") continue;
    if (field === "metadata.name") name ??= value;
    else if (PINNING_FIELDS.has(field)) pinned = { field, value };
  }
  const { namespace } = query;
  return {
    key: JSON.stringify([
      namespace,
      name ?? "",
      labels?.toString() ?? "",
      query.fieldSelector ?? "",
      definition.hub && fields.length ? `${definition.group}/${definition.version}` : "",
      shard?.text ?? "",
    ]),
    ...(namespace && { namespace }),
    ...(name !== undefined && { name }),
    ...(pinned && { pinned }),
    ...(shard && { shard }),
    whole: name === undefined && !labels && fields.length === 0 && !shard,
    matches(object: CachedObject) {
      if (namespace && object.namespace !== namespace) return false;
      if (name !== undefined && object.name !== name) return false;
      if (shard && !shard.has(object)) return false;
      if (labels && !labels.matches(object.labels)) return false;
      for (const { field, operator, value } of fields)
        if ((fieldOf(definition, object, field) === value) === (operator === "!=")) return false;
      return true;
    },
  };
}

function shardOf(text: string): Shard {
  const selector = parseShardSelector(text);
  const hashOf = selector.field === "object.metadata.uid" ? hashOfUid : hashOfNamespace;
  return { text: shardSelectorText(selector), has: (object) => hasHash(selector, hashOf(object)) };
}

/** Kept with the object, as several shards are asked about it. */
const hashOfUid = (object: CachedObject): string => object.field("hash of metadata.uid", uidHash);
const uidHash = ({ metadata }: KubeObject): string => shardHash(metadata.uid);
const hashOfNamespace = ({ namespace }: CachedObject): string => shardHash(namespace);

function labelsOf(text: string): LabelSelector | undefined {
  try {
    const selector = parseLabelSelector(text);
    return selector.isEmpty() ? undefined : selector;
  } catch (error) {
    if (error instanceof SelectorError) throw badRequest(error.message);
    throw error;
  }
}

function fieldsOf(definition: ResourceDefinition, text: string) {
  try {
    const { terms } = parseFieldSelector(text);
    for (const { field } of terms) if (!isSelectable(definition, field)) throw unknownField(definition, field);
    return terms;
  } catch (error) {
    if (error instanceof FieldSelectorError) throw badRequest(error.message);
    throw error;
  }
}

function isSelectable(definition: ResourceDefinition, field: string): boolean {
  return (
    field === "metadata.name" || field === "metadata.namespace" || definition.selectableFields?.[field] !== undefined
  );
}

/** Kinds without fields of their own name the two that all have; the others say only what is wrong. */
function unknownField({ selectableFields, unknownField }: ResourceDefinition, field: string) {
  return badRequest(
    unknownField
      ? unknownField(field)
      : selectableFields
        ? `field label not supported: ${field}`
        : `"${field}" is not a known field selector: only "metadata.name", "metadata.namespace"`,
  );
}
