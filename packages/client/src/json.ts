/** Bytes of JSON for requests, and text of answers that may be no JSON at all. Exactness is machinery's. */
import { stringifyJson } from "@kubets/machinery/json";
import type { ReadonlyJson } from "@kubets/machinery/json-value";

const encoder = new TextEncoder();

export const encodeJson = (value: unknown): Uint8Array => encoder.encode(stringifyJson(value as ReadonlyJson));

export const textOf = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8");
