import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Pod } from "@kubets/api/generated/types/core-v1";
import type { Endpoint } from "@kubets/api/generated/types/discovery-v1";
import { isProxyable, podAddressOf, proxyableAddress } from "./proxy-target.ts";

describe("where proxied requests may lead", () => {
  const refused = ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1", "0.0.0.0", "::", "169.254.169.254", "fe80::1"];
  for (const address of [...refused, "224.0.0.1", "ff02::1", "255.255.255.255", "", "no address", "127.1"])
    it(`not to ${JSON.stringify(address)}`, () => assert.equal(isProxyable(address), false));
  for (const address of ["10.0.0.1", "192.168.1.1", "8.8.8.8", "fd00::1", "2001:db8::1"])
    it(`to ${address}`, () => assert.equal(isProxyable(address), true));

  it("not to a name that is the machine's own", async () => {
    await assert.rejects(proxyableAddress("localhost"), { message: "address not allowed", code: 400 });
    assert.equal(await proxyableAddress("10.0.0.1"), "10.0.0.1");
  });
});

describe("endpoints of a service that is proxied to", () => {
  const pod = { status: { podIP: "10.0.0.1", podIPs: [{ ip: "10.0.0.1" }, { ip: "fd00::1" }] } } as unknown as Pod;
  const podNamed = (name: string) => (name === "p" ? pod : undefined);
  const endpoint = (address: string, name?: string, kind = "Pod") =>
    ({ addresses: [address], ...(name && { targetRef: { kind, name } }) }) as unknown as Endpoint;

  it("are those of its pods", () => {
    assert.equal(podAddressOf(endpoint("10.0.0.1", "p"), podNamed), "10.0.0.1");
    assert.equal(podAddressOf(endpoint("fd00::1", "p"), podNamed), "fd00::1");
  });

  it("are not what somebody wrote there: an address of nobody's, another's, or of a pod that is gone", () => {
    assert.equal(podAddressOf(endpoint("10.0.0.1"), podNamed), undefined);
    assert.equal(podAddressOf(endpoint("10.0.0.2", "p"), podNamed), undefined);
    assert.equal(podAddressOf(endpoint("10.0.0.1", "gone"), podNamed), undefined);
    assert.equal(podAddressOf(endpoint("10.0.0.1", "p", "Node"), podNamed), undefined);
    assert.equal(podAddressOf(endpoint("127.0.0.1", "p"), podNamed), undefined);
  });
});
