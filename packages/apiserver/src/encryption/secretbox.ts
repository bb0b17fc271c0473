/** NaCl's secretbox: XSalsa20 with Poly1305, by a key of 32 bytes. The nonce, then the tag, then the sealed bytes. */
import { randomBytes, timingSafeEqual } from "node:crypto";
import type { Cipher } from "./cipher.ts";
import { poly1305 } from "./poly1305.ts";
import { xsalsa20 } from "./salsa20.ts";

const NONCE = 24;
const TAG = 16;
/** The stream begins with the key of the tag. */
const TAG_KEY = 32;

export function secretbox(key: Uint8Array): Cipher {
  return {
    seal: (plain) => sealed(key, randomBytes(NONCE), plain),
    open(stored) {
      if (stored.length < NONCE + TAG) throw new Error("the stored data was shorter than the required size");
      const body = stored.subarray(NONCE + TAG);
      const stream = xsalsa20(key, stored.subarray(0, NONCE), TAG_KEY + body.length);
      const tag = poly1305(stream.subarray(0, TAG_KEY), body);
      if (!timingSafeEqual(tag, stored.subarray(NONCE, NONCE + TAG)))
        throw new Error("the stored data was not sealed by this key");
      return over(body, stream.subarray(TAG_KEY));
    },
  };
}

export function sealed(key: Uint8Array, nonce: Uint8Array, plain: Uint8Array): Buffer {
  const stream = xsalsa20(key, nonce, TAG_KEY + plain.length);
  const body = over(plain, stream.subarray(TAG_KEY));
  return Buffer.concat([nonce, poly1305(stream.subarray(0, TAG_KEY), body), body]);
}

function over(bytes: Uint8Array, stream: Uint8Array): Buffer {
  const out = Buffer.alloc(bytes.length);
  for (let i = 0; i < bytes.length; i++) out[i] = (bytes[i] as number) ^ (stream[i] as number);
  return out;
}
