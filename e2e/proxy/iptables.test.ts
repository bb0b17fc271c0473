/** The iptables backend and real packets. */
import { silentLogger } from "@kubets/machinery";
import { IptablesBackend } from "@kubets/proxy/iptables/backend";
import { proxyBackendSuite } from "./backend.suite.ts";

proxyBackendSuite(
  "iptables",
  async (network, more) =>
    new IptablesBackend({
      exec: network.exec("node"),
      log: silentLogger,
      clusterCidrs: ["10.244.0.0/16", "fd00:244::/56"],
      ...more,
    }),
  { keepsSource: true, drops: true, sourceRanges: true, inKernel: true },
);
