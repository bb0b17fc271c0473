/** resourceVersion in requests: read, waited for, refused. */
import { badRequest, invalid, invalidValue, StatusError, sleep } from "@kubets/machinery";
import { type ApiCall, storeOf } from "../api-call.ts";

/** How long a read waits for a revision that this server has not seen. */
const LONGEST_WAIT_MS = 3000;

export function parseRevision(text: string): number {
  if (!/^\d+$/.test(text))
    throw badRequest(`Invalid value: "${text}": strconv.ParseUint: parsing "${text}": invalid syntax`);
  return Number(text);
}

/** As `parseRevision`, with the error that lists and watches answer. */
export function parseListRevision(text: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  throw invalid({ group: "meta.k8s.io", kind: "ListOptions" }, "", [
    invalidValue("resourceVersion", text, `strconv.ParseUint: parsing "${text}": invalid syntax`),
  ]);
}

/** Undefined when the server's reads have reached the revision already. */
export function waitForRevision(call: ApiCall, revision: number): Promise<void> | undefined {
  const store = storeOf(call);
  const reached = store.reached(revision);
  if (!reached) {
    if (revision) store.reads?.waited(0);
    return undefined;
  }
  const { clock } = call.server;
  const began = clock.monotonic();
  const giveUp = new AbortController();
  const tooLong = sleep(clock, LONGEST_WAIT_MS, giveUp.signal).then(() => {
    throw tooLarge(revision, store.revision);
  });
  return Promise.race([reached, tooLong]).finally(() => {
    store.reads?.waited((clock.monotonic() - began) / 1000);
    tooLong.catch(() => {});
    giveUp.abort();
  });
}

function tooLarge(wanted: number, current: number): StatusError {
  return new StatusError({
    code: 504,
    reason: "Timeout",
    message: `Timeout: Too large resource version: ${wanted}, current: ${current}`,
    details: {
      causes: [{ reason: "ResourceVersionTooLarge", message: "Too large resource version" }],
      retryAfterSeconds: 1,
    },
  });
}

/** History that is gone. */
export const tooOld = (wanted: number, oldest: number): StatusError =>
  new StatusError({ code: 410, reason: "Expired", message: `too old resource version: ${wanted} (${oldest})` });
