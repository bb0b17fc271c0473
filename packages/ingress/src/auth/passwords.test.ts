/** Passwords in the forms that htpasswd, openssl and charts hash them in. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Secret } from "@kubets/api/generated/types/core-v1";
import { Passwords } from "./passwords.ts";

const secretOf = (data: Readonly<Record<string, string>>): Secret =>
  ({
    data: Object.fromEntries(Object.entries(data).map(([key, value]) => [key, Buffer.from(value).toString("base64")])),
  }) as unknown as Secret;

const header = (user: string, password: string) => `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;
const FILE = { secret: "a/b", isMap: false, realm: "" };

describe("hashed passwords", () => {
  // Made by `openssl passwd -apr1`, `-1`, sha1 in base64, and by crypt of the C library.
  const hashes: Readonly<Record<string, readonly [password: string, hash: string]>> = {
    apr1: ["password", "$apr1$saltsalt$yAAkm4libquA.ZWLHbSBq/"],
    "MD5 of crypt": ["password", "$1$saltsalt$qjXMvbEw8oaL.CzflDtaK/"],
    SHA: ["password", "{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g="],
    plain: ["password", "{PLAIN}password"],
    "bcrypt (2a)": ["abc", "$2a$06$If6bvum7DFjUnE9p2uDeDu0YHzrHM6tf.iqN8.yx.jNN1ILEf7h0i"],
    "bcrypt (2y), of nothing": ["", "$2y$06$DCq7YPn5Rq63x1Lad4cll.TV4S6ytwfsfvkgY8jIucDrjc8deX1s."],
  };
  for (const [name, [password, hash]] of Object.entries(hashes))
    it(name, async () => {
      const passwords = new Passwords(() => secretOf({ auth: `# users\nann:${hash}\n` }));
      assert.equal(await passwords.isKnown(FILE, header("ann", password)), true);
      assert.equal(await passwords.isKnown(FILE, header("ann", `${password}x`)), false);
      assert.equal(await passwords.isKnown(FILE, header("bob", password)), false);
    });

  it("a key for each user, where it is said so", async () => {
    const passwords = new Passwords(() => secretOf({ ann: "{PLAIN}a" }));
    assert.equal(await passwords.isKnown({ ...FILE, isMap: true }, header("ann", "a")), true);
  });

  it("nobody is known without a secret, a header, or a form that is understood", async () => {
    const none = new Passwords(() => undefined);
    assert.equal(await none.isKnown(FILE, header("ann", "a")), false);
    const odd = new Passwords(() => secretOf({ auth: "ann:a\nbob:$9$x" }));
    for (const each of [undefined, "Bearer x", "Basic !", header("ann", "a"), header("bob", "")])
      assert.equal(await odd.isKnown(FILE, each), false);
  });

  it("a changed secret forgets who was known", async () => {
    let secret = secretOf({ auth: "ann:{PLAIN}a" });
    const passwords = new Passwords(() => secret);
    assert.equal(await passwords.isKnown(FILE, header("ann", "a")), true);
    secret = secretOf({ auth: "ann:{PLAIN}b" });
    assert.equal(await passwords.isKnown(FILE, header("ann", "a")), false);
  });
});
