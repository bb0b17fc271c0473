/** The nftables backend and real packets. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { silentLogger } from "@kubets/machinery";
import { NftablesBackend } from "@kubets/proxy/nftables/backend";
import { proxyBackendSuite } from "./backend.suite.ts";
import { TestNetwork } from "./network.ts";

const serviceCidrs = ["10.96.0.0/12", "fd00:96::/108"];
const clusterCidrs = ["10.244.0.0/16", "fd00:244::/56"];

proxyBackendSuite(
  "nftables",
  async (network, more) =>
    new NftablesBackend({ exec: network.exec("node"), log: silentLogger, clusterCidrs, serviceCidrs, ...more }),
  { keepsSource: true, drops: true, sourceRanges: true, inKernel: true },
);

describe("nftables proxy", { skip: process.getuid?.() === 0 ? false : "only root" }, () => {
  const network = new TestNetwork();
  before(() => network.make());
  after(() => network.remove());

  it("throws without effect when somebody took its table away, and mends it by replacing", async () => {
    const exec = network.exec("node");
    const backend = new NftablesBackend({ exec, log: silentLogger, clusterCidrs, serviceCidrs });
    await backend.replace({ ports: new Map() });
    await backend.apply({ put: [], remove: [] });
    await exec("nft", ["flush", "ruleset"]);
    await assert.rejects(backend.apply({ put: [], remove: [] }), /not as it was left/);
    await assert.rejects(backend.apply({ put: [], remove: [] }), /must be replaced/);
    await backend.replace({ ports: new Map() });
    await backend.apply({ put: [], remove: [] });
    await backend.cleanup();
    assert.equal((await exec("nft", ["list", "ruleset"])).stdout, "");
  });
});
