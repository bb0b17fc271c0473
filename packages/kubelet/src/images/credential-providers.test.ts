import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { serviceaccounts } from "@kubets/api/generated/refs";
import { pod } from "@kubets/api/testing/pod-builder";
import { silentLogger, VirtualClock } from "@kubets/machinery";
import { NodeApi } from "../testing/node-api.ts";
import { ServiceAccountTokens } from "../volumes/tokens.ts";
import { credentialProgram } from "./credential-program.ts";
import { parseCredentialProviders } from "./credential-provider-config.ts";
import { type CredentialAnswer, CredentialProviders, type CredentialRequest } from "./credential-providers.ts";

const config = (providers: unknown) =>
  parseCredentialProviders(
    JSON.stringify({ kind: "CredentialProviderConfig", apiVersion: "kubelet.config.k8s.io/v1", providers }),
  );
const ONE = { name: "p", matchImages: ["*.example.com", "localhost:5000/team"], defaultCacheDuration: "10m" };

function having(providers: unknown, answer: (request: CredentialRequest) => CredentialAnswer) {
  const clock = new VirtualClock();
  const api = new NodeApi(clock);
  const asked: CredentialRequest[] = [];
  const found = new CredentialProviders({
    providers: config(providers),
    client: api.client,
    tokens: new ServiceAccountTokens(api.client, clock, silentLogger),
    clock,
    log: silentLogger,
    async ask(_, request) {
      asked.push(request);
      return answer(request);
    },
  });
  const users = async (image: string, who = pod("a").build()) =>
    (await found.find(image, who)).map(({ auth }) => auth.username);
  return { clock, api, asked, users };
}

test("a provider is asked for images that it names, and not again while its answer holds", async () => {
  const auth = {
    "r.example.com": { username: "me", password: "x" },
    "localhost:5000": { username: "l", password: "x" },
  };
  const { clock, asked, users } = having([ONE], () => ({ cacheKeyType: "Registry", auth }));
  assert.deepEqual(await users("r.example.com/a:1"), ["me"]);
  assert.deepEqual(await users("r.example.com/b:1"), ["me"]);
  assert.deepEqual(asked, [{ image: "r.example.com/a:1" }]);
  assert.deepEqual(await users("localhost:5000/team/x"), ["l"]);
  assert.deepEqual(await users("localhost:5000/other/x"), []);
  assert.deepEqual(await users("busybox"), []);
  await clock.advance(10 * 60_000);
  await users("r.example.com/b:1");
  assert.equal(asked.length, 3);
});

test("the answer says for how long and for what it holds", async () => {
  const { asked, users } = having([ONE], () => ({ cacheKeyType: "Image", cacheDuration: "0s", auth: null }));
  await users("r.example.com/a");
  await users("r.example.com/a");
  assert.equal(asked.length, 2);
  const global = having([ONE], () => ({ cacheKeyType: "Global", auth: {} }));
  await Promise.all([global.users("r.example.com/a"), global.users("r.example.com/a")]);
  await global.users("s.example.com/b");
  assert.equal(global.asked.length, 1);
});

test("a provider that fails gives nothing", async () => {
  const { users } = having([ONE], () => {
    throw new Error("no");
  });
  assert.deepEqual(await users("r.example.com/a"), []);
});

test("a provider that wants to know the service account gets its token and annotations", async () => {
  const tokenAttributes = {
    serviceAccountTokenAudience: "registry",
    cacheType: "ServiceAccount",
    requireServiceAccount: true,
    requiredServiceAccountAnnotationKeys: ["example.com/role"],
  };
  const { api, asked, users } = having([{ ...ONE, tokenAttributes }], () => ({
    cacheKeyType: "Global",
    auth: { "r.example.com": { username: "me", password: "x" } },
  }));
  const who = pod("a").build();
  assert.deepEqual(await users("r.example.com/a", who), []);
  await api.client.create(serviceaccounts, {
    metadata: { namespace: "default", name: "default", uid: "sa", annotations: { "example.com/role": "reader" } },
  });
  assert.deepEqual(await users("r.example.com/a", who), ["me"]);
  assert.deepEqual(asked, [
    {
      image: "r.example.com/a",
      serviceAccountToken: "token-1",
      serviceAccountAnnotations: { "example.com/role": "reader" },
    },
  ]);
});

test("a configuration that cannot work is refused", () => {
  assert.throws(() => config([]), /at least 1 item in providers is required/);
  assert.throws(() => config([{ ...ONE, name: "../sh" }]), /must be the name of a file/);
  assert.throws(() => config([ONE, ONE]), /stands there twice/);
  assert.throws(() => config([{ name: "p" }]), /matchImages of p: at least 1/);
  assert.throws(() => config([{ ...ONE, tokenAttributes: {} }]), /serviceAccountTokenAudience of p is required/);
});

test("a program is asked on its input and answers on its output", async () => {
  const folder = mkdtempSync(join(tmpdir(), "kubets-credentials-"));
  const write = (name: string, script: string) => {
    writeFileSync(join(folder, name), `#!/bin/sh\n${script}`);
    chmodSync(join(folder, name), 0o755);
  };
  try {
    const answer = { kind: "CredentialProviderResponse", apiVersion: "credentialprovider.kubelet.k8s.io/v1" };
    write(
      "good",
      `read asked; printf '%s' "$asked" > ${folder}/asked; echo '${JSON.stringify({ ...answer, cacheKeyType: "Image" })}'; test "$1 $WHO" = "get me"`,
    );
    write("bad", "echo trouble >&2; exit 3");
    write("other", `echo '{"kind":"Pod","apiVersion":"v1"}'`);
    const ask = credentialProgram(folder);
    const [good, bad, other] = ["good", "bad", "other"].map((name) => {
      const [provider] = config([{ ...ONE, name, args: ["get"], env: [{ name: "WHO", value: "me" }] }]);
      return provider as NonNullable<typeof provider>;
    });
    assert.equal((await ask(good as never, { image: "x" })).cacheKeyType, "Image");
    await assert.rejects(ask(bad as never, { image: "x" }), /ended with 3: trouble/);
    await assert.rejects(ask(other as never, { image: "x" }), /answered with Pod of v1/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
