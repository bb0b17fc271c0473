/** Parts of an image by what they hold: a file or bytes, with the digest. */
import { createHash } from "node:crypto";

export interface Blob {
  readonly digest: string;
  readonly size: number;
  readonly content: { readonly bytes: Buffer } | { readonly file: string };
}

export function jsonBlob(value: unknown): Blob {
  const bytes = Buffer.from(JSON.stringify(value));
  return { digest: digestOf(bytes), size: bytes.length, content: { bytes } };
}

export const digestOf = (bytes: Uint8Array): string => `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
