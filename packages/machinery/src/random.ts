/**
 * Chance, as an argument: names, jitter, tie breaks. A seeded source makes a run repeatable.
 * Secrets (tokens, keys) never come from here; they come from node:crypto.
 */
import { randomUUID } from "node:crypto";

export interface Random {
  /** A number in [0, 1). */
  float(): number;
  /** A version 4 UUID. */
  uuid(): string;
}

export const realRandom: Random = { float: Math.random, uuid: () => randomUUID() };

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
