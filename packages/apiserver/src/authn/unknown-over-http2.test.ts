/** Whom nobody knows has no connection over which to open streams by the thousand. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:http2";
import { test } from "node:test";
import { startSocketServer } from "../testing/socket-server.ts";

test("a connection over HTTP/2 ends with the answer to whom nobody knows, and goes on for others", async () => {
  const server = await startSocketServer({ gates: ["UnauthenticatedHTTP2DOSMitigation"] });
  const asked = async (authorization: string | undefined) => {
    const session = connect(`https://127.0.0.1:${server.port}`, { rejectUnauthorized: false });
    const goes = once(session, "goaway").then(() => "ended");
    const ask = async () => {
      const stream = session.request({ ":path": "/version", ...(authorization && { authorization }) });
      const [headers] = (await once(stream, "response")) as [{ ":status": number }];
      await stream.toArray();
      return headers[":status"];
    };
    const first = await ask();
    const then = await Promise.race([goes, ask().catch(() => goes)]);
    session.destroy();
    return [first, then];
  };
  assert.deepEqual(await asked(undefined), [200, "ended"]);
  assert.deepEqual(await asked("Bearer nobody"), [401, "ended"]);
  assert.deepEqual(await asked("Bearer jane"), [200, 200]);
  await server.close();
});
