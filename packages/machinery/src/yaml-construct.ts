/**
 * Builds JSON values from the events of a YAML text: anchors, merge keys, explicit tags, keys that stand twice.
 * Holds: aliases share what they name, and a text whose aliases stand for far more than it holds is refused.
 */
import { EVENT_ID, type Event, getScalarValue, SCALAR_STYLE } from "js-yaml";
import { JsonError } from "./json-reader.ts";
import { isObject, type JsonObject, type JsonValue, setOwn } from "./json-value.ts";
import { keyText, resolvePlain, resolveTagged } from "./yaml-scalars.ts";

/** A JsonError too: whoever takes text in either form catches both. */
export class YamlError extends JsonError {
  override readonly name: string = "YamlError";
  readonly line: number;

  constructor(problem: string, line: number) {
    super(`yaml: line ${line}: ${problem}`);
    this.line = line;
  }
}

/** Values that aliases may stand for in all, beside those that are written. */
const MOST_ALIASED = 1_000_000;
const MERGE = "<<";

export function constructYaml(source: string, events: readonly Event[], duplicates?: string[]): JsonValue[] {
  return new Builder(source, events, duplicates).documents();
}

class Builder {
  readonly #source: string;
  readonly #events: readonly Event[];
  readonly #duplicates: string[] | undefined;
  #at = 0;
  #anchors = new Map<string, JsonValue | undefined>();
  #aliased = 0;
  readonly #sizes = new Map<object, number>();

  constructor(source: string, events: readonly Event[], duplicates: string[] | undefined) {
    this.#source = source;
    this.#events = events;
    this.#duplicates = duplicates;
  }

  documents(): JsonValue[] {
    const documents: JsonValue[] = [];
    while (this.#at < this.#events.length) {
      this.#at++;
      this.#anchors = new Map();
      documents.push(this.#isEnd() ? null : this.#node());
      this.#at++;
    }
    return documents;
  }

  #isEnd(): boolean {
    return this.#events[this.#at]?.type === EVENT_ID.POP;
  }

  #node(): JsonValue {
    const event = this.#events[this.#at++] as Event;
    switch (event.type) {
      case EVENT_ID.SCALAR: {
        const value = this.#scalar(event);
        this.#anchor(event, value);
        return value;
      }
      case EVENT_ID.SEQUENCE:
        return this.#collection(event, () => this.#list());
      case EVENT_ID.MAPPING:
        return this.#collection(event, () => this.#mapping());
      case EVENT_ID.ALIAS:
        return this.#alias(event);
      default:
        throw new YamlError("did not find expected node content", 1);
    }
  }

  #collection(event: AnchoredEvent, build: () => JsonValue): JsonValue {
    // Known, without a value, while it is built: an alias inside would contain itself.
    this.#anchor(event, undefined);
    const value = build();
    this.#anchor(event, value);
    this.#at++;
    return value;
  }

  #list(): JsonValue {
    const list: JsonValue[] = [];
    while (!this.#isEnd()) list.push(this.#node());
    return list;
  }

  #mapping(): JsonValue {
    const object: JsonObject = {};
    const merges: JsonValue[] = [];
    while (!this.#isEnd()) {
      const event = this.#events[this.#at] as Event;
      const isMerge = this.#isMergeKey(event);
      const key = this.#node();
      const value = this.#node();
      if (isMerge) merges.push(value);
      else this.#set(object, key, value, event);
    }
    for (const source of merges) this.#merge(object, source);
    return object;
  }

  #set(object: JsonObject, key: JsonValue, value: JsonValue, event: Event): void {
    const name = keyText(key);
    if (name === undefined) {
      throw new YamlError("a key must be text, a number or a boolean", this.#lineOf(event));
    }
    if (Object.hasOwn(object, name)) {
      this.#duplicates?.push(`line ${this.#lineOf(event)}: key ${JSON.stringify(key)} already set in map`);
    }
    setOwn(object, name, value);
  }

  /** What is merged in never replaces what the mapping says itself. */
  #merge(object: JsonObject, source: JsonValue): void {
    for (const from of Array.isArray(source) ? source : [source]) {
      if (!isObject(from)) throw new YamlError("map merge requires map or sequence of maps as the value", 1);
      for (const [key, value] of Object.entries(from)) {
        if (!Object.hasOwn(object, key)) setOwn(object, key, value);
      }
    }
  }

  #isMergeKey(event: Event): boolean {
    return event.type === EVENT_ID.SCALAR && event.style === SCALAR_STYLE.PLAIN && this.#textOf(event) === MERGE;
  }

  #textOf(event: ScalarEvent): string {
    return event.valueStart < 0 ? "" : getScalarValue(this.#source, event);
  }

  #scalar(event: ScalarEvent): JsonValue {
    const text = this.#textOf(event);
    if (event.tagStart >= 0) {
      const tag = this.#source.slice(event.tagStart, event.tagEnd).replace(/^!?<?tag:yaml\.org,2002:(\w+)>?$/, "!!$1");
      const value = resolveTagged(tag, text);
      if (value !== undefined) return value;
      throw new YamlError(`cannot decode ${JSON.stringify(text)} as a ${tag}`, this.#lineOf(event));
    }
    const value = event.style === SCALAR_STYLE.PLAIN ? resolvePlain(text) : undefined;
    if (typeof value === "number" && !Number.isFinite(value)) {
      throw new YamlError(`the number ${text} cannot be written as JSON`, this.#lineOf(event));
    }
    return value === undefined ? text : value;
  }

  #anchor(event: AnchoredEvent, value: JsonValue | undefined): void {
    if (event.anchorStart >= 0) this.#anchors.set(this.#source.slice(event.anchorStart, event.anchorEnd), value);
  }

  #alias(event: AliasEvent): JsonValue {
    const name = this.#source.slice(event.anchorStart, event.anchorEnd);
    if (!this.#anchors.has(name)) throw new YamlError(`unknown anchor '${name}' referenced`, this.#lineOf(event));
    const value = this.#anchors.get(name);
    if (value === undefined) throw new YamlError(`anchor '${name}' value contains itself`, this.#lineOf(event));
    this.#aliased += this.#size(value);
    if (this.#aliased > MOST_ALIASED) throw new YamlError("document contains excessive aliasing", this.#lineOf(event));
    return value;
  }

  /** How many values one holds, counted as if nothing were shared. */
  #size(value: JsonValue): number {
    if (typeof value !== "object" || value === null) return 1;
    const known = this.#sizes.get(value);
    if (known !== undefined) return known;
    let size = 1;
    for (const member of Object.values(value)) size += this.#size(member as JsonValue);
    this.#sizes.set(value, size);
    return size;
  }

  #lineOf(event: Event): number {
    const { tagStart, anchorStart, valueStart, start } = event as unknown as Partial<Record<string, number>>;
    const offsets = [tagStart, anchorStart, valueStart, start].filter((offset) => offset !== undefined && offset >= 0);
    return this.#source.slice(0, Math.min(...(offsets as number[]))).split("\n").length;
  }
}

type ScalarEvent = Extract<Event, { type: typeof EVENT_ID.SCALAR }>;
type AliasEvent = Extract<Event, { type: typeof EVENT_ID.ALIAS }>;
type AnchoredEvent = Extract<Event, { anchorStart: number; tagStart: number }>;
