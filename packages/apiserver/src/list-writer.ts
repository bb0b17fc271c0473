/** Lists in each encoding, put together of items that are encoded one by one. */
import { encodeList, encodeListItem } from "@kubets/api/codec/protobuf";
import type { PlainObject } from "@kubets/api/meta";
import type { Struct } from "@kubets/api/schema";
import { writeCbor, writeCborItem, writeCborListHead } from "@kubets/machinery/cbor";
import { stringifyJson } from "@kubets/machinery/json";
import type { ReadonlyJson } from "@kubets/machinery/json-value";
import { toYaml } from "@kubets/machinery/yaml";

/** The members of a list but its items, and what these are called. There is one item at least. */
export interface ListFrame {
  readonly head: PlainObject;
  readonly items: string;
}

export interface ListWriter {
  /** One of the items, with what stands between it and the one before. */
  item(value: object, isFirst: boolean): Buffer;
  /** The list, of its items one behind another. */
  whole(items: Buffer, count: number): Buffer[];
}

const json = (value: object) => value as ReadonlyJson;

export const jsonWriter = (frame: ListFrame): ListWriter => {
  const head = stringifyJson(json(empty(frame)));
  return {
    item: (value, isFirst) => Buffer.from(`${isFirst ? "" : ","}${stringifyJson(json(value))}`),
    whole: (items) => [Buffer.from(head.slice(0, -2)), items, Buffer.from("]}\n")],
  };
};

export const prettyWriter = (frame: ListFrame): ListWriter => {
  const head = stringifyJson(json(empty(frame)), 2);
  return {
    item: (value, isFirst) =>
      Buffer.from(`${isFirst ? "" : ",\n"}    ${stringifyJson(json(value), 2).replaceAll("\n", "\n    ")}`),
    whole: (items) => [Buffer.from(`${head.slice(0, -3)}\n`), items, Buffer.from("\n  ]\n}")],
  };
};

export const yamlWriter = (frame: ListFrame): ListWriter => {
  const mark = `${frame.items}: []\n`;
  const text = toYaml(empty(frame));
  const at = text.startsWith(mark) ? 0 : text.indexOf(`\n${mark}`) + 1;
  return {
    item: (value) => Buffer.from(toYaml([value])),
    whole: (items) => [
      Buffer.from(`${text.slice(0, at)}${frame.items}:\n`),
      items,
      Buffer.from(text.slice(at + mark.length)),
    ],
  };
};

export const cborWriter = (frame: ListFrame): ListWriter => ({
  item: (value) => writeCborItem(value),
  // The empty list is the last byte.
  whole: (items, count) => [writeCbor(empty(frame)).subarray(0, -1), writeCborListHead(count), items],
});

export const protobufWriter = ({ head }: ListFrame, message: Struct): ListWriter => ({
  item: (value) => encodeListItem(message, value as PlainObject),
  whole: (items) => {
    const { kind, apiVersion, metadata } = head as { kind: string; apiVersion: string; metadata: PlainObject };
    return encodeList({ kind, apiVersion }, metadata, items);
  },
});

/** The items stand last. */
const empty = ({ head, items }: ListFrame): PlainObject => ({ ...head, [items]: [] });
