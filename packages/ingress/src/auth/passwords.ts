/**
 * Users and hashed passwords from a secret, and whether what a client sends is one of them.
 * Holds: comparing takes as long for a wrong password as for a right one; what was right once is remembered (as a keyed hash of it) until
 * the secret changes, because some hashes are slow on purpose.
 */
import { createHash, createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import type { Secret } from "@kubets/api/generated/types/core-v1";
import type { BasicAuth } from "../plan/settings.ts";
import { bcryptMatches, isBcrypt } from "./bcrypt.ts";
import { md5Crypt } from "./md5-crypt.ts";

/** How many slow checks may be under way: who guesses passwords must not take all of the processor. */
const MOST_SLOW = 4;

export class Passwords {
  readonly #secretOf: (key: string) => Secret | undefined;
  readonly #users = new WeakMap<Secret, Map<string, string>>();
  readonly #right = new WeakMap<Secret, Set<string>>();
  readonly #ourKey = randomBytes(32);
  #slow = 0;

  constructor(secretOf: (key: string) => Secret | undefined) {
    this.#secretOf = secretOf;
  }

  readonly isKnown = (auth: BasicAuth, authorization: string | undefined): boolean | Promise<boolean> => {
    const secret = this.#secretOf(auth.secret);
    const given = credentialsOf(authorization);
    if (!secret || !given) return false;
    const seen = createHmac("sha256", this.#ourKey)
      .update(authorization as string)
      .digest("base64");
    const right = this.#right.get(secret) ?? new Set();
    if (right.has(seen)) return true;
    const hash = this.#usersOf(secret, auth.isMap).get(given.user);
    if (hash === undefined) return false;
    if (!isBcrypt(hash)) return matches(given.password, hash) && this.#remember(secret, right, seen);
    if (this.#slow >= MOST_SLOW) return false;
    this.#slow++;
    return bcryptMatches(given.password, hash)
      .then((same) => same && this.#remember(secret, right, seen))
      .finally(() => this.#slow--);
  };

  #remember(secret: Secret, right: Set<string>, seen: string): true {
    this.#right.set(secret, right.add(seen));
    return true;
  }

  #usersOf(secret: Secret, isMap: boolean): Map<string, string> {
    const known = this.#users.get(secret);
    if (known) return known;
    const data = Object.entries(secret.data ?? {}).map(
      ([key, value]) => [key, Buffer.from(value, "base64").toString()] as const,
    );
    const lines = isMap ? data : linesOf(data.find(([key]) => key === "auth")?.[1] ?? "");
    const users = new Map(lines.map(([user, hash]) => [user, hash.trim()]));
    this.#users.set(secret, users);
    return users;
  }
}

function linesOf(text: string): (readonly [string, string])[] {
  return text.split("\n").flatMap((line) => {
    const colon = line.indexOf(":");
    return colon > 0 && !line.startsWith("#") ? [[line.slice(0, colon), line.slice(colon + 1)] as const] : [];
  });
}

function credentialsOf(authorization = ""): { user: string; password: string } | undefined {
  const match = /^Basic +([\w+/=-]+)$/i.exec(authorization);
  if (!match) return undefined;
  const text = Buffer.from(match[1] as string, "base64").toString();
  const colon = text.indexOf(":");
  return colon < 0 ? undefined : { user: text.slice(0, colon), password: text.slice(colon + 1) };
}

function matches(password: string, hash: string): boolean {
  const md5 = /^(\$apr1\$|\$1\$)([^$]{1,8})\$/.exec(hash);
  if (md5) return same(md5Crypt(password, md5[2] as string, md5[1] as string), hash);
  if (hash.startsWith("{SHA}")) return same(createHash("sha1").update(password).digest("base64"), hash.slice(5));
  if (hash.startsWith("{SSHA}")) {
    const bytes = Buffer.from(hash.slice(6), "base64");
    const made = createHash("sha1").update(password).update(bytes.subarray(20)).digest();
    return bytes.length > 20 && timingSafeEqual(made, bytes.subarray(0, 20));
  }
  return hash.startsWith("{PLAIN}") && same(password, hash.slice(7));
}

function same(a: string, b: string): boolean {
  const [one, other] = [a, b].map((text) => createHash("sha256").update(text).digest()) as [Buffer, Buffer];
  return timingSafeEqual(one, other);
}
