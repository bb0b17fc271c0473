import assert from "node:assert/strict";
import { createCipheriv } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { configmaps, secrets } from "@kubets/api/generated/refs";
import { silentLogger, VirtualClock } from "@kubets/machinery";
import { MetricsRegistry } from "@kubets/machinery/metrics";
import { MemoryStorage } from "@kubets/storage";
import { GrpcError, type GrpcServer, grpcServer, serve } from "@kubets/wire/grpc";
import { ReloadMetrics } from "../metrics/reload-metrics.ts";
import { startTestServer } from "../testing/server.ts";
import { linesOf } from "../testing/told.ts";
import { aesCbc, aesGcm } from "./aes.ts";
import { loadEncryptionConfiguration } from "./configuration.ts";
import { KeyManagementService } from "./kms-messages.ts";
import { LiveEncryption } from "./live-encryption.ts";
import { EncryptionMetrics } from "./metrics.ts";
import { poly1305 } from "./poly1305.ts";
import { xsalsa20 } from "./salsa20.ts";
import { sealed, secretbox } from "./secretbox.ts";
import { seedCipher } from "./seed-cipher.ts";

const hex = (text: string) => Buffer.from(text.replace(/\s/g, ""), "hex");
const KEY = Buffer.alloc(32, 7);
const secret = (fill: number, size = 32) => Buffer.alloc(size, fill).toString("base64");

describe("Poly1305", () => {
  it("gives the tag of RFC 8439, section 2.5.2", () => {
    const key = hex("85d6be7857556d337f4452fe42d506a80103808afb0db2fd4abff6af4149f51b");
    assert.equal(
      poly1305(key, Buffer.from("Cryptographic Forum Research Group")).toString("hex"),
      "a8061dc1305136c6c22b8baf0c0127a9",
    );
  });

  it("agrees with the arithmetic of large numbers on everything else", () => {
    const naive = (key: Buffer, message: Buffer) => {
      const number = (bytes: Buffer) => BigInt(`0x${Buffer.from(bytes).reverse().toString("hex") || "0"}`);
      const r = number(key.subarray(0, 16)) & 0x0ffffffc0ffffffc0ffffffc0fffffffn;
      let sum = 0n;
      for (let at = 0; at < message.length; at += 16) {
        const block = Buffer.concat([message.subarray(at, at + 16), Buffer.of(1)]);
        sum = ((sum + number(block)) * r) % (2n ** 130n - 5n);
      }
      const tag = (sum + number(key.subarray(16))) & (2n ** 128n - 1n);
      return Buffer.from(tag.toString(16).padStart(32, "0"), "hex").reverse();
    };
    // A stream that looks like chance, and is the same each time; and the largest values there are.
    const stream = createCipheriv("aes-256-ctr", KEY, Buffer.alloc(16)).update(Buffer.alloc(200_000));
    for (let i = 0; i < 300; i++) {
      const key = stream.subarray(i * 32, i * 32 + 32);
      const message = stream.subarray(20_000 + i * 37, 20_000 + i * 37 + i);
      assert.deepEqual(poly1305(key, message), naive(key, message));
    }
    for (const length of [16, 17, 31, 64]) {
      const [key, message] = [Buffer.alloc(32, 255), Buffer.alloc(length, 255)];
      assert.deepEqual(poly1305(key, message), naive(key, message));
    }
  });
});

describe("secretbox", () => {
  // The example of "Cryptography in NaCl" by D. J. Bernstein, section 10.
  const key = hex("1b27556473e985d462cd51197a9a46c76009549eac6474f206c4ee0844f68389");
  const nonce = hex("69696ee955b62b73cd62bda875fc73d68219e0036b7a0b37");
  const plain = hex(`be075fc53c81f2d5cf141316ebeb0c7b5228c52a4c62cbd44b66849b64244ffc
    e5ecbaaf33bd751a1ac728d45e6c61296cdc3c01233561f41db66cce314adb31
    0e3be8250c46f06dceea3a7fa1348057e2f6556ad6b1318a024a838f21af1fde
    048977eb48f59ffd4924ca1c60902e52f0a089bc76897040e082f937763848645e0705`);

  it("seals as the published example", () => {
    const box = sealed(key, nonce, plain);
    assert.deepEqual(box.subarray(0, 24), nonce);
    assert.equal(box.subarray(24, 40).toString("hex"), "f3ffc7703f9400e52a7dfb4b3d3305d9");
    assert.equal(box.subarray(40, 56).toString("hex"), "8e993b9f48681273c29650ba32fc76ce");
    assert.equal(
      xsalsa20(key, nonce, 32).toString("hex"),
      "eea6a7251c1e72916d11c2cb214d3c252539121d8e234e652d651fa4c8cff880",
    );
    assert.deepEqual(secretbox(key).open(box, ""), plain);
  });

  it("seals more than one block of the stream, and nothing at all", () => {
    for (const length of [0, 1, 32, 33, 100, 5000]) {
      const bytes = Buffer.alloc(length, 3);
      assert.deepEqual(secretbox(KEY).open(secretbox(KEY).seal(bytes, ""), ""), bytes);
    }
  });
});

describe("ciphers", () => {
  const all = {
    gcm: aesGcm(KEY),
    gcm16: aesGcm(KEY.subarray(16)),
    cbc: aesCbc(KEY),
    box: secretbox(KEY),
    seed: seedCipher(KEY),
  };
  const value = Buffer.from('{"kind":"Secret"}');
  for (const [name, cipher] of Object.entries(all)) {
    it(`${name}: opens what it sealed, never twice the same`, () => {
      const [one, other] = [cipher.seal(value, "/a"), cipher.seal(value, "/a")];
      assert.notDeepEqual(one, other);
      assert.deepEqual(cipher.open(one, "/a"), value);
      assert.equal(one.includes("Secret"), false);
    });
    if (name === "cbc") continue;
    it(`${name}: opens nothing that was changed, anywhere`, () => {
      const bytes = cipher.seal(value, "/a");
      for (let i = 0; i < bytes.length; i++) {
        const changed = Buffer.from(bytes);
        changed[i] = (changed[i] as number) ^ 1;
        assert.throws(() => cipher.open(changed, "/a"), `byte ${i}`);
      }
      assert.throws(() => cipher.open(bytes.subarray(0, 10), "/a"));
    });
  }
  for (const name of ["gcm", "seed"] as const)
    it(`${name}: opens nothing that was put under another key of storage`, () => {
      assert.throws(() => all[name].open(all[name].seal(value, "/a"), "/b"));
    });
});

/** A file of configuration, and what is made with it; all is gone afterwards. */
async function withFile(run: (write: (resources: object[]) => string, folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "kubets-encryption-"));
  const path = join(folder, "encryption.json");
  try {
    await run((resources) => {
      writeFileSync(
        path,
        JSON.stringify({ apiVersion: "apiserver.config.k8s.io/v1", kind: "EncryptionConfiguration", resources }),
      );
      return path;
    }, folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const gcm = (name: string, fill: number) => ({ aesgcm: { keys: [{ name, secret: secret(fill) }] } });
const parts = { reload: false, clock: new VirtualClock(), log: silentLogger };

describe("the configuration", () => {
  const refused: [what: string, resources: object[], why: RegExp][] = [
    ["no resources", [], /resources: at least one is needed/],
    [
      "a key of the wrong size",
      [{ resources: ["secrets"], providers: [{ aesgcm: { keys: [{ name: "a", secret: secret(1, 5) }] } }] }],
      /must be 16, 24, 32 bytes in base64, not 5/,
    ],
    [
      "two kinds in one",
      [{ resources: ["secrets"], providers: [{ identity: {}, aesgcm: { keys: [] } }] }],
      /exactly one kind/,
    ],
    ["no provider", [{ resources: ["secrets"], providers: [] }], /providers: at least one/],
    ["the old star", [{ resources: ["*"], providers: [{ identity: {} }] }], /use \*\.\*/],
    [
      "KMS v1",
      [{ resources: ["secrets"], providers: [{ kms: { name: "k", endpoint: "unix:///x" } }] }],
      /must be "v2"/,
    ],
    [
      "a plugin over the network",
      [{ resources: ["secrets"], providers: [{ kms: { apiVersion: "v2", name: "k", endpoint: "http://a" } }] }],
      /must be a unix socket/,
    ],
    ["an unknown field", [{ resources: ["secrets"], provider: [] }], /unknown field "resources\[0\].provider"/],
  ];
  for (const [what, resources, why] of refused)
    it(`is refused with ${what}`, () =>
      withFile(async (write) => {
        const path = write(resources);
        assert.throws(() => loadEncryptionConfiguration(path), why);
      }));

  it("never tells a key in an error", () =>
    withFile(async (write) => {
      const path = write([
        { resources: ["secrets"], providers: [{ secretbox: { keys: [{ name: "a", secret: secret(9, 31) }] } }] },
      ]);
      assert.throws(
        () => loadEncryptionConfiguration(path),
        (error: Error) => !error.message.includes(secret(9, 31)),
      );
    }));

  const covered: [names: string[], resource: string, yes: boolean][] = [
    [["secrets"], "secrets", true],
    [["secrets"], "secrets.example.com", false],
    [["deployments.apps"], "deployments.apps", true],
    [["*.apps"], "deployments.apps", true],
    [["*.apps"], "pods", false],
    [["*."], "pods", true],
    [["*."], "deployments.apps", false],
    [["*.*"], "widgets.example.com", true],
    [["*.*"], "pods", true],
  ];
  for (const [names, resource, yes] of covered)
    it(`${names.join()} ${yes ? "covers" : "does not cover"} ${resource}`, () =>
      withFile(async (write) => {
        const live = await LiveEncryption.open(write([{ resources: names, providers: [gcm("a", 1)] }]), parts);
        assert.equal(live.transformer(resource) !== undefined, yes);
        live.close();
      }));
});

describe("a server that encrypts", () => {
  const stored = async (storage: MemoryStorage, key: string) =>
    Buffer.from((await storage.get(`/registry/${key}`))?.value ?? "").toString("latin1");
  const make = { metadata: { name: "s", namespace: "default" }, stringData: { password: "hunter2" } };
  const key = { namespace: "default", name: "s" };

  it("stores what is covered sealed, and serves it in the open; another server opens it with the same key alone", () =>
    withFile(async (write) => {
      const storage = new MemoryStorage({ clock: new VirtualClock() });
      const path = write([{ resources: ["secrets"], providers: [gcm("k1", 1), { identity: {} }] }]);
      const encryption = await LiveEncryption.open(path, parts);
      const first = await startTestServer({ storage, encryption });
      await first.admin.create(secrets, make);
      await first.admin.create(configmaps, { metadata: { name: "s", namespace: "default" }, data: { a: "plain" } });
      const bytes = await stored(storage, "secrets/default/s");
      assert.match(bytes, /^k8s:enc:aesgcm:v1:k1:/);
      assert.doesNotMatch(bytes, /hunter2|aHVudGVyMg/);
      assert.match(await stored(storage, "configmaps/default/s"), /plain/);
      first.server.close();

      const second = await startTestServer({ storage, encryption });
      assert.equal((await second.admin.get(secrets, key)).data?.["password"], "aHVudGVyMg==");
      second.server.close();

      const other = await LiveEncryption.open(write([{ resources: ["secrets"], providers: [gcm("k1", 2)] }]), parts);
      const third = await startTestServer({ storage, encryption: other });
      await assert.rejects(third.admin.get(secrets, key), /no key of the provider that sealed it opens it/);
      assert.equal((await third.admin.get(configmaps, key)).data?.["a"], "plain");
      third.server.close();
      await storage.close();
    }));

  it("takes a new key up while it runs; a write that changes nothing seals anew", () =>
    withFile(async (write) => {
      const storage = new MemoryStorage({ clock: new VirtualClock() });
      const registry = new MetricsRegistry();
      const told = new ReloadMetrics(registry).of("encryption", () => 0);
      const inForce = () => linesOf(registry, "apiserver_encryption_config_controller_last_config_info").join();
      const encryption = await LiveEncryption.open(write([{ resources: ["secrets"], providers: [gcm("k1", 1)] }]), {
        ...parts,
        told,
      });
      const first = inForce();
      assert.match(first, /,hash="sha256:[0-9a-f]{64}"\} 1$/);
      const cluster = await startTestServer({ storage, encryption });
      const made = await cluster.admin.create(secrets, make);
      const again = () => cluster.admin.update(secrets, { ...made, metadata: { name: "s", namespace: "default" } });
      assert.equal((await again()).metadata.resourceVersion, made.metadata.resourceVersion);

      write([{ resources: ["secrets"], providers: [gcm("k2", 2), gcm("k1", 1)] }]);
      await encryption.reload();
      const second = inForce();
      assert.ok(second !== first && second.split("}").length === 2, second);
      const rotated = await again();
      assert.notEqual(rotated.metadata.resourceVersion, made.metadata.resourceVersion);
      assert.match(await stored(storage, "secrets/default/s"), /^k8s:enc:aesgcm:v1:k2:/);
      assert.equal((await again()).metadata.resourceVersion, rotated.metadata.resourceVersion);

      write([{ resources: [], providers: [] }]);
      await encryption.reload();
      assert.equal(inForce(), second, "a file that is wrong changes nothing");
      assert.equal(encryption.transformer("secrets")?.id, "k8s:enc:aesgcm:v1:k2:");
      await cluster.close();
    }));
});

describe("keys of a plugin", () => {
  /** A plugin that seals by turning bytes over with the number of its key. */
  async function plugin(folder: string) {
    const asked = { key: 1, decrypted: 0, healthz: "ok", refuses: false };
    const turn = (bytes: Uint8Array, by: number) => Buffer.from(bytes.map((byte) => byte ^ by));
    const endpoint = `unix://${folder}/kms.sock`;
    const server: GrpcServer = await grpcServer({
      listen: endpoint,
      services: [
        serve(KeyManagementService, {
          status: () => ({ version: "v2", healthz: asked.healthz, keyId: `key-${asked.key}` }),
          encrypt: ({ plaintext }) => ({
            ciphertext: turn(plaintext, asked.key),
            keyId: `key-${asked.key}`,
            annotations: { "version.example.com": Buffer.from(String(asked.key)) },
          }),
          decrypt({ ciphertext, annotations }) {
            asked.decrypted++;
            if (asked.refuses) throw new GrpcError("UNAVAILABLE", "the vault is away");
            const by = Number(Buffer.from(annotations["version.example.com"] ?? "").toString());
            return { plaintext: turn(ciphertext, by) };
          },
        }),
      ],
    });
    return { asked, endpoint, server };
  }

  it("seal without asking for each write, open after asking once, and change with the plugin's key", () =>
    withFile(async (write, folder) => {
      const { asked, endpoint, server } = await plugin(folder);
      const clock = new VirtualClock();
      const storage = new MemoryStorage({ clock });
      const path = write([
        { resources: ["secrets"], providers: [{ kms: { apiVersion: "v2", name: "vault", endpoint } }] },
      ]);
      const registry = new MetricsRegistry();
      const metrics = new EncryptionMetrics(registry);
      const open = () => LiveEncryption.open(path, { ...parts, clock, metrics });
      const encryption = await open();
      const first = await startTestServer({ storage, encryption });
      for (const name of ["a", "b", "c"])
        await first.admin.create(secrets, {
          metadata: { name, namespace: "default" },
          stringData: { password: "hunter2" },
        });
      assert.equal(asked.decrypted, 0);
      const value = Buffer.from((await storage.get("/registry/secrets/default/a"))?.value ?? "").toString("latin1");
      assert.match(value, /^k8s:enc:kms:v2:vault:/);
      assert.doesNotMatch(value, /hunter2|aHVudGVyMg/);
      first.server.close();
      encryption.close();

      const later = await open();
      const second = await startTestServer({ storage, encryption: later });
      assert.equal(
        (await second.admin.get(secrets, { namespace: "default", name: "b" })).data?.["password"],
        "aHVudGVyMg==",
      );
      assert.equal(asked.decrypted, 1);
      const uses = linesOf(registry, "apiserver_envelope_encryption_key_id_hash_last_timestamp_seconds");
      assert.equal(uses.length, 2, "to storage and from it");
      for (const line of uses) assert.ok(line.endsWith(` ${clock.now() / 1000}`), line);

      asked.key = 2;
      const before = later.transformer("secrets")?.id;
      await clock.advance(60_000);
      while (later.transformer("secrets")?.id === before) await new Promise(setImmediate);
      assert.match(later.transformer("secrets")?.id ?? "", /vault:key-2$/);

      const health = async (path: string) => {
        const { status, bytes } = await second.server.transport({ name: "admin", groups: ["system:masters"] }).request({
          method: "GET",
          path,
        });
        return [status, (await bytes()).toString()];
      };
      assert.deepEqual(await health("/readyz/kms-provider-0"), [200, "ok"]);
      assert.equal((await health("/livez/kms-provider-0"))[0], 404, "a restart would not help");
      asked.healthz = "sealed";
      await clock.advance(60_000);
      while (later.problems.length === 0) await new Promise(setImmediate);
      assert.deepEqual(await health("/healthz/kms-provider-0"), [
        500,
        "internal server error: the key management plugin vault says of itself: sealed\n",
      ]);
      assert.equal((await health("/readyz"))[0], 500);
      assert.equal((await health("/livez"))[0], 200);
      asked.healthz = "ok";
      await clock.advance(10_000);
      while (later.problems.length > 0) await new Promise(setImmediate);
      assert.deepEqual(await health("/readyz/kms-provider-0"), [200, "ok"]);
      second.server.close();
      later.close();
      await server.close();
      await storage.close();
    }));

  it("that the plugin does not give out at start keep nobody from anything else, and are asked for again", () =>
    withFile(async (write, folder) => {
      const { asked, endpoint, server } = await plugin(folder);
      const clock = new VirtualClock();
      const storage = new MemoryStorage({ clock });
      const path = write([
        { resources: ["secrets"], providers: [{ kms: { apiVersion: "v2", name: "vault", endpoint } }] },
      ]);
      const start = async () => {
        const encryption = await LiveEncryption.open(path, { ...parts, clock });
        const { server: started, admin } = await startTestServer({ storage, encryption });
        const stop = () => {
          started.close();
          encryption.close();
        };
        return { admin, stop };
      };
      const key = (name: string) => ({ name, namespace: "default" });
      const first = await start();
      await first.admin.create(secrets, { metadata: key("a") });
      first.stop();
      await storage.commit({
        key: "/registry/secrets/default/b",
        value: () => Buffer.from("k8s:enc:kms:v2:vault:odd"),
      });

      asked.refuses = true;
      const second = await start();
      await second.admin.create(secrets, { metadata: key("c") });
      for (const name of ["a", "b"]) await assert.rejects(second.admin.get(secrets, key(name)), /not transformable/);
      assert.equal((await second.admin.get(secrets, key("c"))).metadata.name, "c");
      asked.refuses = false;
      assert.equal((await second.admin.get(secrets, key("a"))).metadata.name, "a");
      await assert.rejects(second.admin.get(secrets, key("b")), /not transformable/);
      second.stop();
      await server.close();
      await storage.close();
    }));

  it("are refused at start when the plugin is not well", () =>
    withFile(async (write, folder) => {
      const { asked, endpoint, server } = await plugin(folder);
      asked.healthz = "sealed";
      const path = write([
        { resources: ["secrets"], providers: [{ kms: { apiVersion: "v2", name: "vault", endpoint } }] },
      ]);
      await assert.rejects(LiveEncryption.open(path, parts), /vault says of itself: sealed/);
      await server.close();
    }));
});
