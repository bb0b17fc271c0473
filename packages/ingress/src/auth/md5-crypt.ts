/** Passwords as `htpasswd` hashes them by default: a thousand rounds of MD5 with salt, in crypt's own order of bits ("$apr1$" and "$1$"). */
import { createHash } from "node:crypto";

const md5 = (...parts: readonly (Buffer | string)[]): Buffer => {
  const hash = createHash("md5");
  for (const part of parts) hash.update(part);
  return hash.digest();
};

const ROUNDS = 1000;

/** `prefix` is "$apr1$" or "$1$". */
export function md5Crypt(password: string, salt: string, prefix: string): string {
  const key = Buffer.from(password);
  const inner = md5(key, salt, key);
  const parts: Buffer[] = [key, Buffer.from(prefix + salt)];
  for (let left = key.length; left > 0; left -= 16) parts.push(inner.subarray(0, Math.min(16, left)));
  for (let bits = key.length; bits > 0; bits >>= 1) parts.push(bits & 1 ? Buffer.from([0]) : key.subarray(0, 1));
  let digest = md5(...parts);
  for (let i = 0; i < ROUNDS; i++) {
    const odd = i % 2 === 1;
    digest = md5(odd ? key : digest, i % 3 ? salt : "", i % 7 ? key : "", odd ? digest : key);
  }
  return `${prefix}${salt}$${encode(digest)}`;
}

const LETTERS = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

function encode(digest: Buffer): string {
  const at = (i: number) => digest[i] as number;
  let text = "";
  for (let i = 0; i < 5; i++) text += letters((at(i) << 16) | (at(i + 6) << 8) | at(i === 4 ? 5 : i + 12), 4);
  return text + letters(at(11), 2);
}

function letters(bits: number, count: number): string {
  let text = "";
  for (let i = 0; i < count; i++) text += LETTERS[(bits >> (6 * i)) & 63];
  return text;
}
