/** The configuration of a proxy, by file and by flags. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseFlags } from "@kubets/machinery/flags";
import { configOf } from "./command.ts";
import {
  defaultProxyConfig,
  hostPort,
  localPods,
  modeOf,
  nodePortRanges,
  parseProxyConfig,
  proxyConfigText,
} from "./config.ts";
import { commandFlags, proxyFlags } from "./flags.ts";

const HEAD = "apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\n";

/** Of kube-proxy v1.36 on Linux. */
const ORIGINAL_FLAGS = `bind-address bind-address-hard-fail cleanup cluster-cidr config config-sync-period conntrack-max-per-core conntrack-min
conntrack-tcp-be-liberal conntrack-tcp-timeout-close-wait conntrack-tcp-timeout-established conntrack-udp-timeout conntrack-udp-timeout-stream
detect-local-mode feature-gates healthz-bind-address hostname-override init-only iptables-localhost-nodeports iptables-masquerade-bit
iptables-min-sync-period iptables-sync-period ipvs-exclude-cidrs ipvs-min-sync-period ipvs-scheduler ipvs-strict-arp ipvs-sync-period ipvs-tcp-timeout
ipvs-tcpfin-timeout ipvs-udp-timeout kube-api-burst kube-api-content-type kube-api-qps kubeconfig log-flush-frequency log-json-info-buffer-size
log-json-split-stream log-text-info-buffer-size log-text-split-stream logging-format masquerade-all master metrics-bind-address nodeport-addresses
oom-score-adj pod-bridge-interface pod-interface-name-prefix profiling proxy-mode show-hidden-metrics-for-version v vmodule write-config-to`;

describe("the configuration of a proxy", () => {
  it("is told by the original's flags, and by no others", () => {
    assert.deepEqual(Object.keys(commandFlags).sort(), ORIGINAL_FLAGS.split(/\s+/).sort());
  });

  it("is written as a file that says the same", () => {
    const { values } = parseFlags(commandFlags, [
      "--cluster-cidr=10.244.0.0/16",
      "--iptables-sync-period=7s",
      "--profiling",
    ]);
    const config = configOf(values);
    assert.deepEqual(parseProxyConfig(proxyConfigText(config), "file"), config);
    assert.equal(config.iptables.syncPeriod, 7000);
  });

  it("reads a file as kubeadm writes it", () => {
    const config = parseProxyConfig(
      `${HEAD}bindAddress: 0.0.0.0\nclientConnection: {kubeconfig: /a, qps: 0, burst: 0}\nclusterCIDR: 10.244.0.0/16\nconntrack: {maxPerCore: null}\nmode: ""\nnodePortAddresses: null\nwinkernel: {enableDSR: false}\nnftables: {syncPeriod: 10s}\n`,
      "file",
    );
    assert.equal(config.nftables.syncPeriod, 10_000);
    assert.deepEqual(localPods(config, []), { clusterCidrs: ["10.244.0.0/16"] });
    assert.throws(() => parseProxyConfig(`${HEAD}clusterCidr: x\n`, "file"), /did you mean "clusterCIDR"/);
  });

  it("is the same by flags", () => {
    const { values } = parseFlags(proxyFlags, [
      "--cluster-cidr=10.0.0.0/8,fd00::/48",
      "--masquerade-all",
      "--detect-local-mode=NodeCIDR",
    ]);
    const config = configOf(values);
    assert.equal(config.nftables.masqueradeAll, true);
    assert.deepEqual(localPods(config, ["10.1.0.0/24"]), { clusterCidrs: ["10.1.0.0/24"] });
    assert.equal(config.healthzBindAddress, defaultProxyConfig.healthzBindAddress);
  });

  it("refuses what it cannot do, with what it can", () => {
    assert.throws(() => modeOf("ipvs"), /"ipvs" is not supported, as .*; use nftables, iptables or userspace/);
    const mode = (detectLocalMode: string) => localPods({ ...defaultProxyConfig, detectLocalMode }, []);
    assert.throws(() => mode("Guess"), /use ClusterCIDR, NodeCIDR, BridgeInterface, InterfaceNamePrefix/);
    assert.throws(() => mode("BridgeInterface"), /--pod-bridge-interface\) must name a link, not ""/);
  });

  it("tells pods by their link", () => {
    const said = (...flags: string[]) => localPods(configOf(parseFlags(commandFlags, flags).values), []);
    const bridge = said("--detect-local-mode=BridgeInterface", "--pod-bridge-interface=cni0");
    assert.deepEqual(bridge, { clusterCidrs: [], podInterface: "cni0" });
    const prefix = said("--detect-local-mode=InterfaceNamePrefix", "--pod-interface-name-prefix=veth");
    assert.deepEqual(prefix, { clusterCidrs: [], podInterface: "veth*" });
  });

  it("knows the words for a node's addresses, and ways to say where to listen", () => {
    assert.deepEqual(nodePortRanges([], ["192.0.2.1"]), ["192.0.2.1"]);
    assert.deepEqual(nodePortRanges(["10.0.0.0/8", "primary"], ["192.0.2.1"]), ["10.0.0.0/8", "192.0.2.1"]);
    assert.deepEqual(hostPort("[::]:10256", 1), { host: "::", port: 10256 });
    assert.deepEqual(hostPort("127.0.0.1", 10256), { host: "127.0.0.1", port: 10256 });
    assert.equal(hostPort("0.0.0.0:0", 1), undefined);
  });
});
