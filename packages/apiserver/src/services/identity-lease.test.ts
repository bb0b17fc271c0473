import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { leases } from "@kubets/api/generated/refs";
import { silentLogger } from "@kubets/machinery";
import { startTestServer } from "../testing/server.ts";
import { identityOf, keepIdentityLease } from "./identity-lease.ts";

test("a server holds a lease under its host's name, renews it, and removes those of servers that are gone", async () => {
  // As the original called itself on a host of that name.
  assert.equal(identityOf("vm"), "apiserver-wlv32tlttr4jl3gtroqexyxapa");
  const { admin: client, clock, close } = await startTestServer();
  const stop = new AbortController();
  const keeping = (hostname: string, signal: AbortSignal) =>
    keepIdentityLease({ client, clock, log: silentLogger, hostname, address: "192.0.2.1:6443", signal });
  const gone = new AbortController();
  const first = keeping("gone", gone.signal);
  const second = keeping("stays", stop.signal);
  const all = async () => (await client.list(leases, { namespace: "kube-system" })).items;
  const until = async (what: string, look: () => Promise<boolean>) => {
    for (let turns = 0; !(await look()); turns++) {
      if (turns > 1000) throw new Error(`${what} did not come true`);
      await turn();
    }
  };
  await until("both leases", async () => (await all()).length === 2);
  gone.abort();
  await first;
  const lease = await client.get(leases, { namespace: "kube-system", name: identityOf("stays") });
  assert.deepEqual(lease.metadata.labels, {
    "apiserver.kubernetes.io/identity": "kube-apiserver",
    "kubernetes.io/hostname": "stays",
  });
  assert.match(lease.spec?.holderIdentity ?? "", new RegExp(`^${identityOf("stays")}_[-0-9a-f]{36}$`));
  const renewed = lease.spec?.renewTime;
  await clock.advance(10_000);
  await until("its renewal", async () => (await all()).some(({ spec }) => (spec?.renewTime ?? "") > (renewed ?? "")));
  for (let minutes = 0; minutes < 70; minutes++) await clock.advance(60_000);
  await until("the end of the old one", async () => (await all()).length === 1);
  assert.equal((await all())[0]?.metadata.name, identityOf("stays"));
  stop.abort();
  await second;
  await close();
});
