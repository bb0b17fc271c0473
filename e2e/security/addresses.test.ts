/** A server that takes any free port says the one that it took, wherever it says how it is reached. */
import assert from "node:assert/strict";
import { it } from "node:test";
import { startApiServer } from "./api-server-process.ts";

it("names the port that it took", async () => {
  const server = await startApiServer(() => ({ "advertise-address": "127.0.0.1" }));
  try {
    const discovered = (await server.ask("GET", "/.well-known/openid-configuration")).body as { jwks_uri?: string };
    assert.equal(discovered.jwks_uri, `https://127.0.0.1:${server.port}/openid/v1/jwks`);
    const { serverAddressByClientCIDRs: addresses } = (await server.ask("GET", "/api")).body as {
      serverAddressByClientCIDRs?: { serverAddress: string }[];
    };
    assert.equal(addresses?.[0]?.serverAddress, `127.0.0.1:${server.port}`);
  } finally {
    await server.stop();
  }
});
