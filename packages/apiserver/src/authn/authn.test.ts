import assert from "node:assert/strict";
import { test } from "node:test";
import type { Secret } from "@kubets/api/generated/types/core-v1";
import { VirtualClock } from "@kubets/machinery";
import type { ClusterView } from "../admission/plugin.ts";
import type { CoreExchange } from "../front/core-exchange.ts";
import type { Credentials } from "./authenticator.ts";
import { bootstrapTokenAuthenticator } from "./bootstrap-tokens.ts";
import { AuthenticatorChain } from "./chain.ts";
import { actingUser, wantedUser } from "./impersonated-user.ts";

const credentials = (authorization?: string): Credentials => ({
  header: (name) => (name === "authorization" ? authorization : undefined),
  peer: { address: "", certificate: () => undefined },
});

function bootstrapWith(data: Record<string, string>, type = "bootstrap.kubernetes.io/token") {
  const encoded = Object.fromEntries(
    Object.entries(data).map(([key, value]) => [key, Buffer.from(value).toString("base64")]),
  );
  const secret = { metadata: {}, type, data: encoded } as unknown as Secret;
  const view = {
    get: (_ref: unknown, _ns: string, name: string) => (name === "bootstrap-token-abcdef" ? secret : undefined),
  };
  const clock = new VirtualClock();
  const authenticator = bootstrapTokenAuthenticator({ view: view as unknown as ClusterView, clock });
  return { clock, ask: (token: string) => authenticator.authenticate(credentials(`Bearer ${token}`)) };
}

const GOOD = { "token-id": "abcdef", "token-secret": "0123456789abcdef", "usage-bootstrap-authentication": "true" };
const TOKEN = "abcdef.0123456789abcdef";

test("a bootstrap token is good while its secret says so", () => {
  assert.deepEqual(bootstrapWith({ ...GOOD, "auth-extra-groups": "system:bootstrappers:a" }).ask(TOKEN), {
    name: "system:bootstrap:abcdef",
    groups: ["system:bootstrappers", "system:bootstrappers:a"],
  });
  assert.equal(bootstrapWith(GOOD).ask("abcdef.0123456789abcdeX".toLowerCase()), undefined);
  assert.equal(bootstrapWith(GOOD, "Opaque").ask(TOKEN), undefined);
  assert.equal(bootstrapWith({ ...GOOD, "usage-bootstrap-authentication": "false" }).ask(TOKEN), undefined);
  assert.equal(bootstrapWith({ ...GOOD, "auth-extra-groups": "system:masters" }).ask(TOKEN), undefined);
  const at = (ms: number) => new Date(new VirtualClock().now() + ms).toISOString();
  assert.ok(bootstrapWith({ ...GOOD, expiration: at(60_000) }).ask(TOKEN));
  assert.equal(bootstrapWith({ ...GOOD, expiration: at(-1) }).ask(TOKEN), undefined);
  assert.equal(bootstrapWith({ ...GOOD, expiration: "soon" }).ask(TOKEN), undefined);
});

test("a wrong token is refused, another scheme is as good as nothing", () => {
  const chain = new AuthenticatorChain([], { anonymous: true });
  assert.throws(() => chain.authenticate(credentials("Bearer nope")), /Unauthorized/);
  for (const header of [undefined, "Basic YTpi", "Token x", "Bearer "])
    assert.equal((chain.authenticate(credentials(header)) as { name: string }).name, "system:anonymous");
  assert.throws(() => new AuthenticatorChain([], { anonymous: false }).authenticate(credentials()), /Unauthorized/);
});

const exchange = (...rawHeaders: string[]) => {
  const header = (name: string) => {
    const at = rawHeaders.findIndex((it, i) => i % 2 === 0 && it.toLowerCase() === name);
    return at < 0 ? undefined : rawHeaders[at + 1];
  };
  return { header, socket: { rawHeaders } } as unknown as CoreExchange;
};

test("whom a request acts as: a header stands for one value, whatever is in it", () => {
  assert.equal(wantedUser(exchange("Accept", "x")), undefined);
  const wanted = wantedUser(
    exchange(
      "Impersonate-User",
      "alice",
      "Impersonate-Group",
      "a, b",
      "Impersonate-Group",
      "c",
      "Impersonate-Extra-Acme.com%2fproject",
      "p",
    ),
  );
  assert.deepEqual(wanted, { name: "alice", uid: "", groups: ["a, b", "c"], extra: { "acme.com/project": ["p"] } });
  assert.throws(
    () => wantedUser(exchange("Impersonate-Group", "dev")),
    /requested &user.DefaultInfo\{Name:"", UID:"", Groups:\[\]string\{"dev"\}, Extra:map\[string\]\[\]string\(nil\)\} without impersonating a user name/,
  );
});

test("who is acted as is authenticated, unless they are said not to be", () => {
  const groups = (name: string, ...said: string[]) => actingUser({ name, uid: "", groups: said, extra: {} }, []).groups;
  assert.deepEqual(groups("alice"), ["system:authenticated"]);
  assert.deepEqual(groups("alice", "system:unauthenticated"), ["system:unauthenticated"]);
  assert.deepEqual(groups("system:anonymous", "dev"), ["dev", "system:unauthenticated"]);
});
