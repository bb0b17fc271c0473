/**
 * Chance, as an argument: names, jitter, tie breaks. A seeded source makes a run repeatable.
 * Secrets (tokens, keys) never come from here; they come from node:crypto.
 */
import { randomFillSync } from "node:crypto";

export interface Random {
  /** A number in [0, 1). */
  float(): number;
  /** A version 4 UUID. */
  uuid(): string;
}

export const realRandom: Random = { float: Math.random, uuid: randomUuid };

const UUID_BYTES = 16;
/** Random bytes for the next ones. */
const pool = Buffer.alloc(256 * UUID_BYTES);
let used = pool.length;

/** Like node:crypto's, whose result is put together from two dozen pieces. */
function randomUuid(): string {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  pool[used + 6] = ((pool[used + 6] as number) & 0x0f) | 0x40;
  pool[used + 8] = ((pool[used + 8] as number) & 0x3f) | 0x80;
  const hex = pool.toString("hex", used, (used += UUID_BYTES));
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

/** A repeatable source (splitmix32). Two of one seed give the same sequence. */
export function seededRandom(seed: number): Random {
  let state = seed | 0;
  const next = () => {
    state = (state + 0x9e3779b9) | 0;
    let z = state;
    z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
    return (z ^ (z >>> 15)) >>> 0;
  };
  const hex = () => next().toString(16).padStart(8, "0");
  return {
    float: () => next() / 2 ** 32,
    uuid() {
      const [a, b, c, d] = [hex(), hex(), hex(), hex()];
      return `${a}-${b.slice(0, 4)}-4${b.slice(5)}-${"89ab"[next() & 3]}${c.slice(1, 4)}-${c.slice(4)}${d}`;
    },
  };
}

/** An integer in [0, below). */
export const randomInt = (random: Random, below: number): number => Math.floor(random.float() * below);

/** The letters of generated names: no vowels, so no words; nothing that looks like another. */
const NAME_LETTERS = "bcdfghjklmnpqrstvwxz2456789";

/** The random end of a generated name (`metadata.generateName`). */
export function nameSuffix(random: Random, length = 5): string {
  let suffix = "";
  for (let i = 0; i < length; i++) suffix += NAME_LETTERS[randomInt(random, NAME_LETTERS.length)];
  return suffix;
}
