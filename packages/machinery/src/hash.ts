/**
 * Hashes that names are made of: FNV-1a and FNV-1 of 32 bits, and the alphabet in which controllers write them
 * (`pod-template-hash`); FNV-1a of 64 bits, by which collections are shared out.
 */
const OFFSET = 0x811c9dc5;
const PRIME = 0x01000193;

const bytesOf = (input: string | Uint8Array): Uint8Array => (typeof input === "string" ? Buffer.from(input) : input);

/** FNV-1a: each byte is mixed in, then multiplied. */
export function fnv1a32(input: string | Uint8Array, seed = OFFSET): number {
  let hash = seed;
  for (const byte of bytesOf(input)) hash = Math.imul(hash ^ byte, PRIME);
  return hash >>> 0;
}

/** FNV-1: multiplied, then mixed in. */
export function fnv1_32(input: string | Uint8Array, seed = OFFSET): number {
  let hash = seed;
  for (const byte of bytesOf(input)) hash = Math.imul(hash, PRIME) ^ byte;
  return hash >>> 0;
}

/** FNV-1a of 64 bits, as 16 hexadecimal digits. It is counted in two halves: the prime is 2^40 + 0x1b3. */
export function fnv1a64(input: string | Uint8Array): string {
  let high = 0xcbf29ce4;
  let low = 0x84222325;
  for (const byte of bytesOf(input)) {
    const mixed = (low ^ byte) >>> 0;
    const product = mixed * 0x1b3;
    high = (Math.imul(high, 0x1b3) + (mixed << 8) + Math.floor(product / 2 ** 32)) >>> 0;
    low = product >>> 0;
  }
  return hexOf(high) + hexOf(low);
}

const hexOf = (half: number): string => half.toString(16).padStart(8, "0");

const SAFE_LETTERS = "bcdfghjklmnpqrstvwxz2456789";

/** Writes any text in letters that make no words: each letter by its code, modulo the alphabet. */
export function safeEncode(text: string): string {
  let safe = "";
  for (const byte of Buffer.from(text)) safe += SAFE_LETTERS[byte % SAFE_LETTERS.length];
  return safe;
}

/** A short name for a value: the hash of its canonical JSON, with how often it collided mixed in. */
export function valueHash(value: unknown, collisions?: number): string {
  let hash = fnv1a32(canonicalJson(value));
  if (collisions !== undefined) {
    const count = Buffer.alloc(8);
    count.writeUInt32LE(collisions >>> 0);
    hash = fnv1a32(count, hash);
  }
  return safeEncode(String(hash));
}

/** JSON with members in order of their names, so that equal values give equal texts. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, member: unknown) => {
    if (typeof member === "bigint") return String(member);
    if (typeof member !== "object" || member === null || Array.isArray(member)) return member;
    const entries = Object.entries(member).filter(([, each]) => each !== undefined);
    return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}
