import assert from "node:assert/strict";
import { isIP } from "node:net";
import { test } from "node:test";
import fc from "fast-check";
import { cidrErrors, mustParseCidr, parseCidr } from "./cidr.ts";
import { CidrSet } from "./cidr-set.ts";
import { IpAddress, ipErrors, ipFromBytes, mustParseIp, parseIp, parseIpSloppy } from "./ip.ts";

test("addresses have one canonical text", () => {
  const cases: Array<[string, string]> = [
    ["10.0.0.1", "10.0.0.1"],
    ["255.255.255.255", "255.255.255.255"],
    ["::", "::"],
    ["::1", "::1"],
    ["FD00::1", "fd00::1"],
    ["2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"],
    ["2001:0db8::0001", "2001:db8::1"],
    ["1:0:2:3:4:5:6:7", "1:0:2:3:4:5:6:7"],
    ["1::", "1::"],
    ["::ffff:1.2.3.4", "::ffff:1.2.3.4"],
    ["64:ff9b::1.2.3.4", "64:ff9b::102:304"],
  ];
  for (const [text, want] of cases) assert.equal(String(mustParseIp(text)), want);
});

test("what is no address is refused", () => {
  const wrong = [
    "",
    "1.2.3",
    "1.2.3.256",
    "010.0.0.1",
    "1.2.3.4.5",
    "1::2::3",
    ":1",
    "1:",
    "fe80::1%eth0",
    "1.2.3.4:80",
  ];
  for (const text of [
    ...wrong,
    "12345::",
    "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:8:9",
    "::1.2.3",
    "1.2.3.4::",
    "1:2:3:4:5:6:7::8",
  ]) {
    assert.equal(parseIp(text), undefined, text);
  }
  assert.equal(String(parseIpSloppy("010.0.0.01")), "10.0.0.1");
  assert.deepEqual(ipErrors("nope"), ["must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"]);
  assert.deepEqual(ipErrors("01.2.3.4"), ["must not have leading 0s"]);
  assert.deepEqual(ipErrors("::ffff:1.2.3.4"), ["must not be an IPv4-mapped IPv6 address"]);
  assert.deepEqual(ipErrors("fd00::1"), []);
});

test("ranges", () => {
  const range = mustParseCidr("10.1.2.3/16");
  assert.equal(String(range), "10.1.0.0/16");
  assert.equal(String(range.last), "10.1.255.255");
  assert.equal(String(range.mask), "255.255.0.0");
  assert.equal(range.size, 65536n);
  assert.equal(String(range.nth(10)), "10.1.0.10");
  assert.equal(String(range.nth(-1)), "10.1.255.255");
  assert.equal(range.nth(65536), undefined);
  assert.equal(String(range.subnet(24, 3)), "10.1.3.0/24");
  assert.equal(range.subnet(24, 256), undefined);
  assert.equal(range.contains(mustParseIp("10.2.0.0")), false);
  assert.equal(range.contains(mustParseIp("::1")), false);
  assert.equal(range.overlaps(mustParseCidr("10.0.0.0/8")), true);
  assert.equal(String(mustParseCidr("0.0.0.0/0").last), "255.255.255.255");
  assert.equal(String(mustParseCidr("fd00::/64").nth(2n ** 63n)), "fd00::8000:0:0:0");
  for (const text of ["10.0.0.0", "10.0.0.0/33", "10.0.0.0/08", "10.0.0.0/", "/8", "10.0.0.0/8/8"]) {
    assert.equal(parseCidr(text), undefined, text);
  }
});

test("errors of ranges are the original's", () => {
  assert.deepEqual(cidrErrors("10.0.0.0"), ["must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"]);
  assert.deepEqual(cidrErrors("10.0.0.1/8"), ["must not have bits set beyond the prefix length"]);
  assert.deepEqual(cidrErrors("010.0.0.0/8"), ["must not have leading 0s in IP or prefix length"]);
  assert.deepEqual(cidrErrors("10.0.0.0/8"), []);
});

test("kinds of addresses", () => {
  assert.ok(mustParseIp("127.1.2.3").isLoopback() && mustParseIp("::1").isLoopback());
  assert.ok(mustParseIp("169.254.1.1").isLinkLocalUnicast() && mustParseIp("fe80::1").isLinkLocalUnicast());
  assert.ok(mustParseIp("224.0.0.1").isLinkLocalMulticast() && mustParseIp("ff02::1").isLinkLocalMulticast());
  assert.ok(mustParseIp("239.0.0.1").isMulticast() && !mustParseIp("10.0.0.1").isMulticast());
  assert.ok(mustParseIp("0.0.0.0").isUnspecified());
});

const address = fc.oneof(
  fc.bigInt({ min: 0n, max: 2n ** 32n - 1n }).map((value) => new IpAddress(4, value)),
  fc.bigInt({ min: 0n, max: 2n ** 128n - 1n }).map((value) => new IpAddress(6, value)),
  // Many zero groups, where the short forms differ.
  fc.array(fc.constantFrom(0, 0, 0, 1, 0xffff), { minLength: 8, maxLength: 8 }).map(
    (groups) =>
      new IpAddress(
        6,
        groups.reduce((value, group) => (value << 16n) | BigInt(group), 0n),
      ),
  ),
);

test("text and bytes give the same address back", () => {
  fc.assert(
    fc.property(address, (ip) => {
      assert.ok(mustParseIp(ip.toString()).equals(ip));
      assert.ok(ipFromBytes(ip.toBytes()).equals(ip));
      assert.equal(isIP(ip.toString()), ip.family);
      if (ip.family === 6 && !ip.isMapped()) assert.equal(new URL(`http://[${ip}]/`).hostname, `[${ip}]`);
    }),
  );
});

test("accepts what Node accepts, and no more", () => {
  const text = fc.stringMatching(/^[0-9a-f:.]{0,20}$/);
  fc.assert(
    fc.property(text, (t) => assert.equal(parseIp(t) !== undefined, isIP(t) !== 0)),
    { numRuns: 2000 },
  );
});

test("ranges agree with comparing bits", () => {
  fc.assert(
    fc.property(address, address, fc.nat(128), (a, b, p) => {
      const prefix = Math.min(p, a.bits);
      const bits = (ip: IpAddress) => ip.value.toString(2).padStart(ip.bits, "0").slice(0, prefix);
      const range = mustParseCidr(`${a}/${prefix}`);
      assert.equal(range.contains(b), a.family === b.family && bits(a) === bits(b));
      assert.ok(range.contains(a) && range.contains(range.last));
    }),
  );
});

test("parts of a range are handed out in turn, none twice", () => {
  const set = new CidrSet(mustParseCidr("10.0.0.0/22"), 24);
  set.occupy(mustParseCidr("10.0.1.0/25"));
  assert.deepEqual([set.allocate(), set.allocate()].map(String), ["10.0.0.0/24", "10.0.2.0/24"]);
  set.release(mustParseCidr("10.0.0.0/24"));
  assert.deepEqual([set.allocate(), set.allocate(), set.allocate()].map(String), [
    "10.0.3.0/24",
    "10.0.0.0/24",
    "undefined",
  ]);
  assert.throws(() => set.occupy(mustParseCidr("10.1.0.0/24")), /outside/);
  assert.throws(() => new CidrSet(mustParseCidr("10.0.0.0/8"), 28), /too many parts/);
  assert.throws(() => new CidrSet(mustParseCidr("10.0.0.0/24"), 16), /does not fit/);
});

test("a set agrees with a naive one", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.boolean(), fc.nat(7))), (steps) => {
      const range = mustParseCidr("fd00::/61");
      const set = new CidrSet(range, 64);
      const naive = new Set<string>();
      for (const [take, n] of steps) {
        if (take) {
          const part = set.allocate();
          assert.equal(part === undefined, naive.size === 8);
          if (part) assert.ok(!naive.has(String(part)) && naive.add(String(part)));
        } else {
          const part = range.subnet(64, n);
          assert.ok(part);
          set.release(part);
          naive.delete(String(part));
        }
        assert.equal(set.free, 8 - naive.size);
      }
    }),
  );
});
