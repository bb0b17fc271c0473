import assert from "node:assert/strict";
import { test } from "node:test";
import type { Transport } from "@kubets/client/transport";
import { realClock, seededRandom } from "@kubets/machinery";
import { WebhookError, webhookOver } from "./webhook.ts";

/** Answers with one status after the other. */
function asking(statuses: number[], more: { mayPass?: (error: WebhookError) => boolean } = {}) {
  const request = async () => ({ status: statuses.shift(), bytes: async () => Buffer.from("{}") });
  const transport = { request } as unknown as Transport;
  return webhookOver(transport, "http://webhook", {
    clock: realClock,
    random: seededRandom(1),
    firstWaitMs: 1,
    ...more,
  });
}

test("what may pass is tried again, what does not is told at once", async () => {
  assert.deepEqual(await asking([500, 429, 200]).post({}), {});
  const left = [400, 200];
  await assert.rejects(asking(left).post({}), new WebhookError("http://webhook answered 400", 400));
  assert.deepEqual(left, [200]);
});

test("what is given up is asked no more, nor tried again", async () => {
  let asked = 0;
  const request = ({ signal }: { signal: AbortSignal }) => {
    asked++;
    return new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason as Error)));
  };
  const webhook = webhookOver({ request } as unknown as Transport, "http://webhook", {
    clock: realClock,
    random: seededRandom(1),
    firstWaitMs: 1,
  });
  const given = new AbortController();
  const asking = webhook.post({}, given.signal);
  given.abort();
  await assert.rejects(asking, WebhookError);
  assert.equal(asked, 1);
});

test("it is tried five times", async () => {
  const left = Array.from({ length: 6 }, () => 503);
  await assert.rejects(asking(left).post({}), WebhookError);
  assert.equal(left.length, 1);
});

test("whoever knows better has all of it tried again", async () => {
  assert.deepEqual(await asking([400, 403, 200], { mayPass: () => true }).post({}), {});
});
