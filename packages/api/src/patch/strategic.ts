/**
 * Strategic merge patch: a merge patch that knows by the schema which lists merge by a key, with directives for what merging cannot say
 * ($patch, $retainKeys, $setElementOrder/x, $deleteFromPrimitiveList/x).
 * Holds: neither object nor patch is changed; what the patch does not touch is shared; keys are plain data whatever they are called.
 */
import { ownValue, setKey } from "../codec/map-keys.ts";
import type { PlainObject } from "../meta.ts";
import type { Struct, TypeRef } from "../schema.ts";
import { identityOf, inOrder, type MergeKey } from "./list-order.ts";
import {
  badDirective,
  badElementOrder,
  badPrimitiveList,
  badRetainKeys,
  listOfLists,
  mergedList,
  mixedTypes,
  noMergeKeyFor,
  noSuchField,
  wrongOrder,
} from "./patch-error.ts";

const DIRECTIVE = "$patch";
const RETAIN_KEYS = "$retainKeys";
const ELEMENT_ORDER = "$setElementOrder/";
const DELETE_ITEMS = "$deleteFromPrimitiveList/";

/** What the patch makes of an object. The result still is to be decoded: the patch may bring anything. */
export function strategicMergePatch(struct: Struct, object: object, patch: object): PlainObject {
  return mergeMap(object as PlainObject, patch as PlainObject, { kind: "struct", name: struct.name, struct });
}

/** The type of what stands in a map or struct, with how it merges; nothing is known below values of any JSON. */
interface Member {
  readonly type: TypeRef | undefined;
  readonly merges: boolean;
  readonly replaces: boolean;
  readonly key: MergeKey;
}

const UNKNOWN: Member = { type: undefined, merges: false, replaces: false, key: undefined };

function memberOf(type: TypeRef | undefined, name: string): Member {
  if (type?.kind === "map") return { ...UNKNOWN, type: type.value };
  const field = type?.kind === "struct" ? type.struct.byName.get(name) : undefined;
  if (!field) return UNKNOWN;
  const { patchMerge: merges = false, patchReplace: replaces = false, patchKey: key } = field;
  return { type: field.type, merges, replaces, key };
}

function mergeMap(object: PlainObject, patch: PlainObject, type: TypeRef | undefined): PlainObject {
  if (Object.hasOwn(patch, DIRECTIVE)) return replaceMap(patch);
  const out = retained(object, patch);
  const done = orderLists(out, object, patch, type);
  for (const [name, value] of Object.entries(patch)) {
    if (name === RETAIN_KEYS || name.startsWith(ELEMENT_ORDER) || done.has(name)) continue;
    if (name.startsWith(DELETE_ITEMS)) deleteItems(out, name.slice(DELETE_ITEMS.length), value);
    else mergeMember(out, name, value, memberOf(type, name));
  }
  return out;
}

/** A patch that replaces or deletes a whole map. */
function replaceMap(patch: PlainObject): PlainObject {
  const { [DIRECTIVE]: directive, ...rest } = patch;
  if (directive === "replace") return rest;
  if (directive === "delete") return {};
  throw badDirective(directive, patch);
}

/** A copy of the object, with only those fields that the patch says to retain. */
function retained(object: PlainObject, patch: PlainObject): PlainObject {
  const keys = ownValue(patch, RETAIN_KEYS);
  if (keys === undefined) return { ...object };
  if (!Array.isArray(keys)) throw badRetainKeys();
  for (const [name, value] of Object.entries(patch)) {
    const directive = name === RETAIN_KEYS || name.startsWith(ELEMENT_ORDER) || name.startsWith(DELETE_ITEMS);
    if (value !== null && !directive && !keys.includes(name)) throw badRetainKeys();
  }
  const out: PlainObject = {};
  for (const [name, value] of Object.entries(object)) if (keys.includes(name)) setKey(out, name, value);
  return out;
}

function mergeMember(out: PlainObject, name: string, value: unknown, member: Member): void {
  if (value === null) {
    delete out[name];
    return;
  }
  const before = ownValue(out, name);
  if (isMap(before) && isMap(value)) setKey(out, name, member.replaces ? value : mergeMap(before, value, member.type));
  else if (Array.isArray(before) && Array.isArray(value)) setKey(out, name, mergeListMember(before, value, member));
  else setKey(out, name, withoutDirectives(value));
}

const mergeListMember = (before: readonly unknown[], value: readonly unknown[], member: Member): readonly unknown[] =>
  member.merges ? mergeList(before, value, member) : value;

/** $setElementOrder/x: merges the list and puts it in the order that the patch gives. Returns which lists are done. */
function orderLists(
  out: PlainObject,
  object: PlainObject,
  patch: PlainObject,
  type: TypeRef | undefined,
): ReadonlySet<string> {
  const done = new Set<string>();
  for (const [directive, order] of Object.entries(patch)) {
    if (!directive.startsWith(ELEMENT_ORDER)) continue;
    const name = directive.slice(ELEMENT_ORDER.length);
    if (type?.kind === "struct" && !type.struct.byName.has(name)) throw noSuchField(simple(type.name), name);
    const items = ownValue(patch, name);
    const before = ownValue(out, name);
    if (!Array.isArray(order) || !isListOrAbsent(items)) throw badElementOrder();
    if (!isListOrAbsent(before)) continue;
    const member = memberOf(type, name);
    checkOrder(items ?? [], order, member.key);
    if (items === undefined && before === undefined) continue;
    const merged =
      before && items ? mergeListMember(before, items, member) : (before ?? listWithoutDirectives(items ?? []));
    const original = ownValue(object, name);
    setKey(out, name, inOrder(merged, order, isListOrAbsent(original) ? (original ?? []) : [], member.key));
    done.add(name);
  }
  return done;
}

/** The items of the patch must stand in the order that it gives. */
function checkOrder(items: readonly unknown[], order: readonly unknown[], key: MergeKey): void {
  if (items.length === 0 || order.length === 0) return;
  const kept = items.filter((item) => !(isMap(item) && ownValue(item, DIRECTIVE) === "delete"));
  let at = 0;
  for (const place of order) if (at < kept.length && identityOf(kept[at], key) === identityOf(place, key)) at++;
  if (at < kept.length) throw wrongOrder(items, order);
}

function deleteItems(out: PlainObject, name: string, items: unknown): void {
  if (!Array.isArray(items)) throw badPrimitiveList();
  const before = ownValue(out, name);
  if (Array.isArray(before))
    setKey(
      out,
      name,
      before.filter((item) => !items.includes(item)),
    );
}

function mergeList(before: readonly unknown[], items: readonly unknown[], member: Member): readonly unknown[] {
  if (before.length === 0 && items.length === 0) return before;
  if (!holdsMaps(before, items)) return inOrder([...new Set([...before, ...items])], items, before, undefined);
  if (member.key === undefined) throw noMergeKeyFor(member.type?.kind === "list" ? itemName(member.type.item) : "");
  const { key, type } = member;
  const special = applySpecial(before as PlainObject[], items as PlainObject[], key);
  if (!special.rest) return special.kept;
  const merged = [...special.kept];
  for (const item of special.rest) {
    const identity = identityOf(item, key);
    const at = merged.findIndex((one) => ownValue(one, key) === identity);
    if (at < 0) merged.push(withoutDirectives(item) as PlainObject);
    else merged[at] = mergeMap(merged[at] as PlainObject, item, type?.kind === "list" ? type.item : undefined);
  }
  return inOrder(merged, special.rest, special.kept, key);
}

/** Carries out the items that are directives. Without `rest` the list is replaced by what is kept. */
function applySpecial(before: readonly PlainObject[], items: readonly PlainObject[], key: string) {
  const plain = items.filter((item) => !Object.hasOwn(item, DIRECTIVE));
  let kept = before;
  let replace = false;
  for (const item of items) {
    if (!Object.hasOwn(item, DIRECTIVE)) continue;
    const directive = item[DIRECTIVE];
    if (directive === "delete") {
      const identity = identityOf(item, key);
      kept = kept.filter((one) => ownValue(one, key) !== identity);
    } else if (directive === "replace") replace = true;
    else if (directive === "merge") throw mergedList();
    else throw badDirective(directive, item);
  }
  return replace ? { kept: plain } : { kept, rest: plain };
}

/** Whether the lists hold maps, or else scalars: all items of both must be of one kind. */
function holdsMaps(before: readonly unknown[], items: readonly unknown[]): boolean {
  const kinds = new Set([...before, ...items].map(kindOf));
  if (kinds.has("list")) throw listOfLists();
  if (kinds.size > 1) throw mixedTypes([before, items]);
  return kinds.has("map");
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return "list";
  if (isMap(value)) return "map";
  return typeof value === "bigint" ? "number" : typeof value;
}

/** What a patch brings where nothing was: without its directives, and without nulls, which would only remove. */
function withoutDirectives(value: unknown): unknown {
  if (Array.isArray(value)) return listWithoutDirectives(value);
  if (!isMap(value)) return value;
  const out: PlainObject = {};
  for (const [name, member] of Object.entries(value))
    if (member !== null && !isDirective(name)) setKey(out, name, withoutDirectives(member));
  return out;
}

const listWithoutDirectives = (items: readonly unknown[]): unknown[] =>
  items.filter((item) => !(isMap(item) && Object.hasOwn(item, DIRECTIVE))).map(withoutDirectives);

const isDirective = (name: string) =>
  name === DIRECTIVE || name === RETAIN_KEYS || name.startsWith(ELEMENT_ORDER) || name.startsWith(DELETE_ITEMS);
const isMap = (value: unknown): value is PlainObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isListOrAbsent = (value: unknown): value is readonly unknown[] | undefined =>
  value === undefined || Array.isArray(value);
const simple = (name: string) => name.slice(name.lastIndexOf(".") + 1);
const itemName = (type: TypeRef) => (type.kind === "struct" ? simple(type.name) : "");
