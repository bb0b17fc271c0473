/** Keys, ranges, entries and revisions as etcd has them, and as Storage has them. */
import type { KeyValue } from "@kubets/wire/generated/etcd";
import { prefixRange } from "../sorted-index.ts";
import type { Entry } from "../storage.ts";

/** etcd's "from here to the end of all keys", and its smallest key. */
const ZERO = Uint8Array.of(0);

export const keyBytes = (key: string): Uint8Array => Buffer.from(key, "latin1");
export const keyText = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");

/** The range of the keys under a prefix, or of those of them behind `after`. */
export function etcdRange(prefix: string, after?: string): { key: Uint8Array; rangeEnd: Uint8Array } {
  const { from, to } = prefixRange(prefix, after);
  return { key: from === "" ? ZERO : keyBytes(from), rangeEnd: to === undefined ? ZERO : keyBytes(to) };
}

export const entryOf = (kv: KeyValue): Entry => ({
  key: keyText(kv.key),
  value: ownBytes(kv.value),
  revision: Number(kv.modRevision),
  created: Number(kv.createRevision),
});

/** A value that is a small part of the message it came in moves out, so as not to keep the whole message in memory. */
function ownBytes(value: Uint8Array): Uint8Array {
  return value.length < value.buffer.byteLength / 2 ? new Uint8Array(value) : value;
}
