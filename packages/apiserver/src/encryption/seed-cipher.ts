/** A cipher from a seed: each value gets a key of its own, made from the seed and 32 random bytes that stand in front of it, so no nonce wears out. */
import { createHmac, randomBytes } from "node:crypto";
import { aesGcm } from "./aes.ts";
import type { Cipher } from "./cipher.ts";

const INFO = 32;

export function seedCipher(seed: Uint8Array): Cipher {
  return {
    seal(plain, about) {
      const info = randomBytes(INFO);
      return Buffer.concat([info, aesGcm(expand(seed, info)).seal(plain, about)]);
    },
    open(sealed, about) {
      if (sealed.length < INFO) throw new Error("the stored data was shorter than the required size");
      return aesGcm(expand(seed, sealed.subarray(0, INFO))).open(sealed.subarray(INFO), about);
    },
  };
}

/** The first block of HKDF-Expand with SHA-256 (RFC 5869, section 2.3): 32 bytes. */
const expand = (seed: Uint8Array, info: Uint8Array): Buffer =>
  createHmac("sha256", seed).update(info).update(Uint8Array.of(1)).digest();
