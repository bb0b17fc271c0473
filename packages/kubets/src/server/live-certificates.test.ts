import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { silentLogger, VirtualClock } from "@kubets/machinery";
import { LiveCertificates } from "./live-certificates.ts";

const DAY = 86_400_000;

function made(t: { after(work: () => void): void }) {
  const folder = mkdtempSync(join(tmpdir(), "kubets-live-"));
  const stop = new AbortController();
  t.after(() => {
    stop.abort();
    rmSync(folder, { recursive: true, force: true });
  });
  const clock = new VirtualClock(Date.parse("2026-01-01T00:00:00Z"));
  const names = {
    advertiseAddress: "192.0.2.1",
    more: [],
    serviceCidr: "10.96.0.0/16",
    clusterDomain: "cluster.local",
  };
  const certificates = new LiveCertificates({ folder, names, lifetimeMs: 60 * DAY, clock, log: silentLogger });
  certificates.keepYoung(stop.signal);
  return { clock, certificates };
}

describe("the certificates of a server", () => {
  test("are made anew before they end, and their users told", async (t) => {
    const { clock, certificates } = made(t);
    const seen: string[] = [];
    const before = certificates.serving.cert;
    certificates.onRenewal(() => seen.push(certificates.serving.cert));
    const client = { ...certificates.kubeletClient };
    await clock.advance(49 * DAY);
    assert.deepEqual(seen, []);
    await clock.advance(2 * DAY);
    assert.equal(seen.length, 1);
    assert.notEqual(seen[0], before);
    assert.notEqual({ ...certificates.kubeletClient }.cert, client.cert);
    assert.notEqual({ ...certificates.frontProxyClient }.key, client.key);
  });

  test("are made anew when people ask for newer ones, once", async (t) => {
    const { clock, certificates } = made(t);
    await clock.advance(DAY);
    const before = certificates.admin.cert;
    certificates.renewOlderThan(clock.now());
    const after = certificates.admin.cert;
    assert.notEqual(after, before);
    certificates.renewOlderThan(clock.now());
    assert.equal(certificates.admin.cert, after);
  });
});
