/**
 * bcrypt, as charts hash passwords. Slow on purpose: it gives the event loop back every few milliseconds.
 * Blowfish begins with the digits of pi; they are computed once, when the first such password is checked.
 */
import { setImmediate as turn } from "node:timers/promises";

const FORM = /^\$2[abxy]\$(\d\d)\$([./A-Za-z0-9]{22})([./A-Za-z0-9]{31})$/;
const LETTERS = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const SLICE_MS = 4;
/** A minute of work: nobody means that. */
const MOST_COST = 15;
const P_WORDS = 18;
const WORDS = P_WORDS + 4 * 256;
const HASH_BYTES = 23;

export const isBcrypt = (hash: string): boolean => FORM.test(hash) && Number(FORM.exec(hash)?.[1]) <= MOST_COST;

export async function bcryptMatches(password: string, hash: string): Promise<boolean> {
  const [, cost, salt, wanted] = FORM.exec(hash) as unknown as [string, string, string, string];
  const key = Buffer.from(`${password}\0`).subarray(0, 72);
  const made = await bcrypt(key, decode(salt, 16), 2 ** Number(cost));
  return encode(made) === wanted;
}

async function bcrypt(key: Buffer, salt: Buffer, rounds: number): Promise<Buffer> {
  const state = Uint32Array.from(await piWords());
  const none = Buffer.alloc(16);
  expand(state, key, salt);
  let until = performance.now() + SLICE_MS;
  for (let i = 0; i < rounds; i++) {
    expand(state, key, none);
    expand(state, salt, none);
    if (performance.now() < until) continue;
    await turn();
    until = performance.now() + SLICE_MS;
  }
  const out = Buffer.from("OrpheanBeholderScryDoubt");
  const pair = new Uint32Array(2);
  for (let at = 0; at < out.length; at += 8) {
    pair[0] = out.readUInt32BE(at);
    pair[1] = out.readUInt32BE(at + 4);
    for (let i = 0; i < 64; i++) encipher(state, pair);
    out.writeUInt32BE(pair[0] as number, at);
    out.writeUInt32BE(pair[1] as number, at + 4);
  }
  return out.subarray(0, HASH_BYTES);
}

/** Takes a key and a salt into the state. */
function expand(state: Uint32Array, key: Buffer, salt: Buffer): void {
  let at = 0;
  for (let i = 0; i < P_WORDS; i++) {
    let word = 0;
    for (let k = 0; k < 4; k++) {
      word = (word << 8) | (key[at] as number);
      at = (at + 1) % key.length;
    }
    state[i] = (state[i] as number) ^ word;
  }
  const pair = new Uint32Array(2);
  for (let i = 0, from = 0; i < WORDS; i += 2, from = (from + 8) % 16) {
    pair[0] = (pair[0] as number) ^ salt.readUInt32BE(from);
    pair[1] = (pair[1] as number) ^ salt.readUInt32BE(from + 4);
    encipher(state, pair);
    state[i] = pair[0] as number;
    state[i + 1] = pair[1] as number;
  }
}

function encipher(state: Uint32Array, pair: Uint32Array): void {
  let left = pair[0] as number;
  let right = pair[1] as number;
  for (let i = 0; i < 16; i++) {
    left ^= state[i] as number;
    const a = state[P_WORDS + (left >>> 24)] as number;
    const b = state[P_WORDS + 256 + ((left >>> 16) & 255)] as number;
    const c = state[P_WORDS + 512 + ((left >>> 8) & 255)] as number;
    const d = state[P_WORDS + 768 + (left & 255)] as number;
    right ^= (((a + b) ^ c) + d) | 0;
    const other = left;
    left = right;
    right = other;
  }
  pair[0] = right ^ (state[17] as number);
  pair[1] = left ^ (state[16] as number);
}

let pi: Promise<Uint32Array> | undefined;
const piWords = (): Promise<Uint32Array> => (pi ??= computePi());

/** The digits behind the point, by Machin's formula. */
async function computePi(): Promise<Uint32Array> {
  const bits = WORDS * 32;
  const guard = 64;
  const one = 1n << BigInt(bits + guard);
  const quarter = 4n * (await arcTangent(5n, one)) - (await arcTangent(239n, one));
  const fraction = ((quarter * 4n) % one) >> BigInt(guard);
  const words = new Uint32Array(WORDS);
  const hex = fraction.toString(16).padStart(WORDS * 8, "0");
  for (let i = 0; i < WORDS; i++) words[i] = Number.parseInt(hex.slice(i * 8, i * 8 + 8), 16);
  return words;
}

/** Of 1/n. */
async function arcTangent(n: bigint, one: bigint): Promise<bigint> {
  let power = one / n;
  let sum = power;
  let until = performance.now() + SLICE_MS;
  for (let k = 3n, minus = true; power > 0n; k += 2n, minus = !minus) {
    power /= n * n;
    sum += minus ? -(power / k) : power / k;
    if (performance.now() < until) continue;
    await turn();
    until = performance.now() + SLICE_MS;
  }
  return sum;
}

function decode(text: string, size: number): Buffer {
  let bits = 0n;
  for (const letter of text) bits = (bits << 6n) | BigInt(LETTERS.indexOf(letter));
  const spare = BigInt(text.length * 6 - size * 8);
  return Buffer.from((bits >> spare).toString(16).padStart(size * 2, "0"), "hex");
}

function encode(bytes: Buffer): string {
  let bits = BigInt(`0x${bytes.toString("hex")}`);
  const letters = Math.ceil((bytes.length * 8) / 6);
  bits <<= BigInt(letters * 6 - bytes.length * 8);
  let text = "";
  for (let i = letters - 1; i >= 0; i--) text += LETTERS[Number((bits >> BigInt(i * 6)) & 63n)];
  return text;
}
