import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { seededRandom, silentLogger, VirtualClock } from "@kubets/machinery";
import { certificateToPem, createAuthority, createKey, issueCertificate, keyToPem } from "@kubets/wire/x509";
import { keepRenewed } from "./keep-renewed.ts";

const HOUR = 3_600_000;
const START = Date.parse("2026-01-01T00:00:00Z");
const key = createKey();
const authority = createAuthority({ commonName: "ca", key, notBefore: START, notAfter: START + 1e10 });
const certificate = (madeAt: number) => ({
  cert: certificateToPem(
    issueCertificate(authority, {
      commonName: "someone",
      publicKey: key,
      notBefore: madeAt - 300_000,
      notAfter: madeAt + 100 * HOUR,
    }),
  ),
  key: keyToPem(key),
});

function kept(t: { after(work: () => void): void }, { failures = 0 } = {}) {
  const clock = new VirtualClock(START);
  const stop = new AbortController();
  t.after(() => stop.abort());
  const renewed: number[] = [];
  let asked = 0;
  const options = { what: "it", clock, random: seededRandom(1), log: silentLogger, signal: stop.signal };
  const handle = keepRenewed(certificate(START).cert, {
    ...options,
    request: async () => {
      if (asked++ < failures) throw new Error("not yet");
      return certificate(clock.now());
    },
    use: () => void renewed.push((clock.now() - START) / HOUR),
  });
  return { clock, renewed, handle, asked: () => asked };
}

describe("a kept certificate", () => {
  test("is renewed when 70 to 90 % of its time have passed, again and again", async (t) => {
    const { clock, renewed } = kept(t);
    await clock.advance(69 * HOUR);
    assert.deepEqual(renewed, []);
    await clock.advance(22 * HOUR);
    assert.equal(renewed.length, 1);
    const first = renewed.at(0) ?? 0;
    assert.ok(first >= 70 && first <= 91, String(first));
    await clock.advance(90 * HOUR);
    assert.equal(renewed.length, 2);
  });

  test("is asked for until there is one", async (t) => {
    const { clock, renewed, asked } = kept(t, { failures: 4 });
    await clock.advance(95 * HOUR);
    assert.deepEqual([renewed.length, asked()], [1, 5]);
  });

  test("is renewed at once when people ask for newer ones", async (t) => {
    const { clock, renewed, handle } = kept(t);
    await clock.advance(HOUR);
    handle.renewOlderThan(START - 1);
    await clock.advance(1000);
    assert.deepEqual(renewed, []);
    handle.renewOlderThan(clock.now());
    await clock.advance(1000);
    assert.equal(renewed.length, 1);
    handle.renewOlderThan(START + HOUR);
    await clock.advance(1000);
    assert.equal(renewed.length, 1);
  });
});
