import assert from "node:assert/strict";
import { test } from "node:test";
import { storageversions } from "@kubets/api/generated/refs";
import { createClient } from "@kubets/client/typed-client";
import { realClock } from "@kubets/machinery";
import { MemoryStorage } from "@kubets/storage";
import { SERVER_USER } from "../api-server.ts";
import { identityOf } from "../services/identity-lease.ts";
import { startSocketServer } from "../testing/socket-server.ts";

test("each server tells of itself what it writes and reads, beside the others, before it is ready", async (t) => {
  const storage = new MemoryStorage({ clock: realClock });
  const start = async (hostname: string, ...more: string[]) => {
    const gates = ["StorageVersionAPI", "APIServerIdentity"];
    const runtimeConfig = ["internal.apiserver.k8s.io/v1alpha1", ...more];
    const running = await startSocketServer({ gates, runtimeConfig, storage, hostname });
    t.after(() => running.close());
    return createClient(running.server.transport(SERVER_USER));
  };
  const older = await start("older");
  const newer = await start("newer", "admissionregistration.k8s.io/v1beta1");
  const { items } = await older.list(storageversions);
  assert.ok(items.length > 50, `${items.length} are told of`);
  for (const { metadata, status } of items) {
    const [first, second, ...more] = status.storageVersions ?? [];
    assert.deepEqual([first?.apiServerID, second?.apiServerID], [identityOf("older"), identityOf("newer")]);
    assert.equal(more.length, 0, metadata.name);
    assert.equal(status.commonEncodingVersion, first?.encodingVersion);
    const said = status.conditions?.map(({ type, status: is, reason }) => [type, is, reason]);
    assert.deepEqual(said, [["AllEncodingVersionsEqual", "True", "CommonEncodingVersionSet"]]);
  }
  const name = "admissionregistration.k8s.io.mutatingadmissionpolicies";
  const { status } = await newer.get(storageversions, { name });
  assert.deepEqual(
    status.storageVersions?.map(({ servedVersions }) => servedVersions?.length),
    [1, 2],
  );
});
