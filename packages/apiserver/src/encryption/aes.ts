/** AES with a key of 16, 24 or 32 bytes: as GCM, which also vouches for the bytes and the storage key, and as the older CBC, which vouches for nothing. */
import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import type { Cipher } from "./cipher.ts";

const NONCE = 12;
const TAG = 16;
const BLOCK = 16;

/** The nonce, then the sealed bytes, then the tag. */
export function aesGcm(key: Uint8Array): Cipher {
  const algorithm = `aes-${key.length * 8}-gcm` as "aes-256-gcm";
  return {
    seal(plain, about) {
      const nonce = randomBytes(NONCE);
      const cipher = createCipheriv(algorithm, key, nonce);
      cipher.setAAD(Buffer.from(about));
      return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
    },
    open(sealed, about) {
      if (sealed.length < NONCE + TAG) throw new Error("the stored data was shorter than the required size");
      const cipher = createDecipheriv(algorithm, key, sealed.subarray(0, NONCE));
      cipher.setAAD(Buffer.from(about));
      cipher.setAuthTag(sealed.subarray(sealed.length - TAG));
      return Buffer.concat([cipher.update(sealed.subarray(NONCE, sealed.length - TAG)), cipher.final()]);
    },
  };
}

/** The initial vector, then whole blocks, the last one padded. */
export function aesCbc(key: Uint8Array): Cipher {
  const algorithm = `aes-${key.length * 8}-cbc`;
  return {
    seal(plain) {
      const vector = randomBytes(BLOCK);
      const cipher = createCipheriv(algorithm, key, vector);
      return Buffer.concat([vector, cipher.update(plain), cipher.final()]);
    },
    open(sealed) {
      if (sealed.length < 2 * BLOCK || sealed.length % BLOCK)
        throw new Error("the stored data is not a multiple of the block size");
      const cipher = createDecipheriv(algorithm, key, sealed.subarray(0, BLOCK));
      return Buffer.concat([cipher.update(sealed.subarray(BLOCK)), cipher.final()]);
    },
  };
}
