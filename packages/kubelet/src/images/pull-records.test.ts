import assert from "node:assert/strict";
import { test } from "node:test";
import { silentLogger, VirtualClock } from "@kubets/machinery";
import { MemoryDisk } from "../disk/memory-disk.ts";
import { PullRecords } from "./pull-records.ts";
import type { CredentialSource } from "./pull-secrets.ts";
import { type VerificationPolicy, verificationOf } from "./verification-policy.ts";

const IMAGE = "r.example.com/a:1";
const secret = (name: string, credentialHash: string): CredentialSource => ({
  secret: { uid: `uid-${name}`, namespace: "default", name, credentialHash },
});
const account = { serviceAccount: { uid: "s", namespace: "default", name: "builder" } };

function having(policy: VerificationPolicy = "NeverVerifyPreloadedImages", allowlist: readonly string[] = []) {
  const [clock, disk] = [new VirtualClock(), new MemoryDisk()];
  const begin = () =>
    new PullRecords({
      disk,
      folder: "/kubelet",
      mustVerify: verificationOf(policy, allowlist),
      refOf: async (image) => (image === IMAGE ? "sha256:1" : undefined),
      now: () => clock.now(),
      log: silentLogger,
    });
  const of = (records: PullRecords) => ({
    records,
    mayUse: (sources: readonly CredentialSource[] = [], image = IMAGE) =>
      records.mayUse(image, "sha256:1", async () => sources),
  });
  return { clock, disk, restart: () => of(begin()), ...of(begin()) };
}

async function pulled(records: PullRecords, source: CredentialSource, image = IMAGE) {
  await records.begin(image);
  await records.succeeded(image, "sha256:1", source);
}

test("an image that was there before is for every pod", async () => {
  assert.equal(await having().mayUse(), true);
});

test("an image pulled with a secret is for pods that show its credentials, or that secret with new ones", async () => {
  const { records, mayUse } = having();
  await pulled(records, secret("own", "h1"));
  assert.equal(await mayUse(), false);
  assert.equal(await mayUse([account]), false);
  assert.equal(await mayUse([secret("other", "h2")]), false);
  assert.equal(await mayUse([secret("copy", "h1")]), true);
  assert.equal(await mayUse([secret("own", "h2")]), true);
  assert.equal(await mayUse([secret("other", "h2")]), true, "what the secret says now is known from then on");
  assert.equal(await mayUse([secret("own", "h2")], "r.example.com/b:1"), false, "the same image by another name");
});

test("an image that the node may pull is for every pod, whoever pulled it with a secret before or after", async () => {
  const { records, mayUse } = having();
  await pulled(records, account);
  assert.equal(await mayUse([account]), true);
  await pulled(records, {});
  await pulled(records, secret("own", "h1"));
  assert.equal(await mayUse(), true);
});

test("what was pulled with what is known after a restart, and also that a pull was under way", async () => {
  const { records, restart } = having();
  await pulled(records, secret("own", "h1"));
  assert.equal(await restart().mayUse(), false);
  assert.equal(await restart().mayUse([secret("own", "h1")]), true);
  const other = having();
  await other.records.begin(IMAGE);
  assert.equal(await other.restart().mayUse([secret("own", "h1")]), false);
  await other.restart().records.begin("r.example.com/gone:1");
  assert.deepEqual(await other.disk.list("/kubelet/image_manager/pulling").then((all) => all.length), 1);
});

test("a pull that failed leaves nothing behind", async () => {
  const { records, mayUse, disk } = having();
  await records.begin(IMAGE);
  assert.equal(await mayUse(), false);
  await records.ended(IMAGE);
  assert.equal(await mayUse(), true);
  assert.deepEqual(await disk.list("/kubelet/image_manager/pulling"), []);
});

test("records of images that are gone go, but not those of a pull of the meantime", async () => {
  const { clock, disk, records } = having();
  await pulled(records, secret("own", "h1"));
  await records.prune(new Set(), clock.now());
  assert.equal((await disk.list("/kubelet/image_manager/pulled")).length, 1);
  await clock.advance(1000);
  await records.prune(new Set(["sha256:1"]), clock.now());
  assert.equal((await disk.list("/kubelet/image_manager/pulled")).length, 1);
  await records.prune(new Set(), clock.now());
  assert.deepEqual(await disk.list("/kubelet/image_manager/pulled"), []);
});

test("policies: nothing is verified, all is, or all but what a list names", async () => {
  const never = having("NeverVerify");
  await pulled(never.records, secret("own", "h1"));
  assert.equal(await never.mayUse(), true);
  assert.equal(await having("AlwaysVerify").mayUse(), false);
  const listed = having("NeverVerifyAllowlistedImages", ["busybox", "r.example.com/team/*"]);
  assert.equal(await listed.mayUse([], "busybox:1.37"), true);
  assert.equal(await listed.mayUse([], "r.example.com/team/sub/x@sha256:2"), true);
  assert.equal(await listed.mayUse([], "r.example.com/teammates:1"), false);
  assert.throws(() => verificationOf("NeverVerify", ["busybox"]), /may only be set with/);
  assert.throws(() => verificationOf("NeverVerifyAllowlistedImages", ["busybox:1"]), /without tag and digest/);
  assert.throws(() => verificationOf("NeverVerifyAllowlistedImages", ["r.example.com/*/x"]), /or end in \/\*/);
});
