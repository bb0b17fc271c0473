/** The day of the last use is noted on a Secret, once a day, and since when is known from the first start. */
import assert from "node:assert/strict";
import { it } from "node:test";
import { configmaps, secrets } from "@kubets/api/generated/refs";
import { silentLogger } from "@kubets/machinery";
import { startTestServer } from "../testing/server.ts";
import { legacyTokenUse, trackLegacyTokens } from "./legacy-token-use.ts";

it("notes the day on which a token was last used", async () => {
  const { server, clock, admin, close } = await startTestServer();
  try {
    const today = new Date(clock.now()).toISOString().slice(0, 10);
    for (const now of [clock.now(), clock.now() + 1e9]) await trackLegacyTokens(admin, now);
    const tracking = { namespace: "kube-system", name: "kube-apiserver-legacy-service-account-token-tracking" };
    assert.deepEqual((await admin.get(configmaps, tracking)).data, { since: today });

    const key = { namespace: "default", name: "token" };
    await admin.create(secrets, { metadata: key });
    let writes = 0;
    const client: typeof admin = { ...admin, patch: (...args) => (writes++, admin.patch(...args)) };
    const note = legacyTokenUse({ view: server.context.view, clock, log: silentLogger, client: () => client });
    const label = async () => (await admin.get(secrets, key)).metadata.labels?.["kubernetes.io/legacy-token-last-used"];
    for (let i = 0; i < 3; i++) note("default", "token");
    while ((await label()) !== today) await new Promise(setImmediate);
    note("default", "token");
    assert.equal(writes, 1);

    await clock.advance(24 * 3_600_000);
    note("default", "token");
    while ((await label()) === today) await new Promise(setImmediate);
    assert.equal(writes, 2);
  } finally {
    await close();
  }
});
