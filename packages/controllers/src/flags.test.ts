import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { parseFlags } from "@kubets/machinery/flags";
import { createKey, keyToPem } from "@kubets/wire/x509";
import { commandFlags, controllerManagerFlags } from "./flags.ts";
import { optionsOfFlags } from "./options-of-flags.ts";
import { unusedFlags } from "./unused-flags.ts";

/** As the usual bootstrap tools start the original. */
const USUAL = [
  "--allocate-node-cidrs=true",
  "--authentication-kubeconfig=/etc/kubernetes/controller-manager.conf",
  "--authorization-kubeconfig=/etc/kubernetes/controller-manager.conf",
  "--bind-address=127.0.0.1",
  "--client-ca-file=/etc/kubernetes/pki/ca.crt",
  "--cluster-cidr=10.244.0.0/16",
  "--cluster-name=kubernetes",
  "--controllers=*,bootstrapsigner,tokencleaner",
  "--kubeconfig=/etc/kubernetes/controller-manager.conf",
  "--leader-elect=true",
  "--requestheader-client-ca-file=/etc/kubernetes/pki/front-proxy-ca.crt",
  "--service-cluster-ip-range=10.96.0.0/12",
  "--use-service-account-credentials=true",
  "--profiling",
  "--concurrent-deployment-syncs=10",
];

test("what starts the original starts this too, and is told what changes nothing", () => {
  const { values, warnings } = parseFlags(commandFlags, USUAL);
  assert.deepEqual(values.controllers, ["*", "bootstrapsigner", "tokencleaner"]);
  assert.deepEqual(optionsOfFlags(values).clusterCidrs, ["10.244.0.0/16"]);
  assert.deepEqual(optionsOfFlags(values).serviceCidrs, ["10.96.0.0/12"]);
  assert.equal(optionsOfFlags(values).workers["deployment-controller"], 10);
  assert.equal(warnings.length, 3);
});

/** What kube-controller-manager v1.36 takes, but for --help and --version, which every command of kubets has. */
const ORIGINAL = `
allocate-node-cidrs allow-metric-labels allow-metric-labels-manifest attach-detach-reconcile-sync-period authentication-kubeconfig
authentication-skip-lookup authentication-token-webhook-cache-ttl authentication-tolerate-lookup-failure authorization-always-allow-paths
authorization-kubeconfig authorization-webhook-cache-authorized-ttl authorization-webhook-cache-unauthorized-ttl bind-address cert-dir
cidr-allocator-type client-ca-file cloud-config cloud-provider cluster-cidr cluster-name cluster-signing-cert-file cluster-signing-duration
cluster-signing-key-file cluster-signing-kube-apiserver-client-cert-file cluster-signing-kube-apiserver-client-key-file
cluster-signing-kubelet-client-cert-file cluster-signing-kubelet-client-key-file cluster-signing-kubelet-serving-cert-file
cluster-signing-kubelet-serving-key-file cluster-signing-legacy-unknown-cert-file cluster-signing-legacy-unknown-key-file
concurrent-cron-job-syncs concurrent-daemonset-syncs concurrent-deployment-syncs concurrent-device-taint-eviction-syncs
concurrent-endpoint-syncs concurrent-ephemeralvolume-syncs concurrent-gc-syncs concurrent-horizontal-pod-autoscaler-syncs
concurrent-job-syncs concurrent-namespace-syncs concurrent-rc-syncs concurrent-replicaset-syncs concurrent-resource-quota-syncs
concurrent-resourceclaim-syncs concurrent-service-endpoint-syncs concurrent-service-syncs concurrent-serviceaccount-token-syncs
concurrent-statefulset-syncs concurrent-ttl-after-finished-syncs concurrent-validating-admission-policy-status-syncs
configure-cloud-routes contention-profiling controller-shutdown-timeout controller-start-interval controllers
disable-attach-detach-reconcile-sync disable-force-detach-on-timeout disable-http2-serving disabled-metrics emulated-version
emulation-forward-compatible enable-dynamic-provisioning enable-garbage-collector enable-hostpath-provisioner enable-leader-migration
endpoint-updates-batch-period endpointslice-updates-batch-period external-cloud-volume-plugin feature-gates flex-volume-plugin-dir
horizontal-pod-autoscaler-cpu-initialization-period horizontal-pod-autoscaler-downscale-stabilization
horizontal-pod-autoscaler-initial-readiness-delay horizontal-pod-autoscaler-sync-period horizontal-pod-autoscaler-tolerance
http2-max-streams-per-connection kube-api-burst kube-api-content-type kube-api-qps kubeconfig large-cluster-size-threshold leader-elect
leader-elect-lease-duration leader-elect-renew-deadline leader-elect-resource-lock leader-elect-resource-name
leader-elect-resource-namespace leader-elect-retry-period leader-migration-config legacy-service-account-token-clean-up-period
log-flush-frequency log-json-info-buffer-size log-json-split-stream log-text-info-buffer-size log-text-split-stream logging-format master
max-endpoints-per-slice min-compatibility-version min-resync-period mirroring-concurrent-service-endpoint-syncs
mirroring-endpointslice-updates-batch-period mirroring-max-endpoints-per-subset namespace-sync-period node-cidr-mask-size
node-cidr-mask-size-ipv4 node-cidr-mask-size-ipv6 node-eviction-rate node-monitor-grace-period node-monitor-period
node-startup-grace-period permit-address-sharing permit-port-sharing profiling pv-recycler-increment-timeout-nfs
pv-recycler-minimum-timeout-hostpath pv-recycler-minimum-timeout-nfs pv-recycler-pod-template-filepath-hostpath
pv-recycler-pod-template-filepath-nfs pv-recycler-timeout-increment-hostpath pvclaimbinder-sync-period requestheader-allowed-names
requestheader-client-ca-file requestheader-extra-headers-prefix requestheader-group-headers requestheader-uid-headers
requestheader-username-headers resource-quota-sync-period root-ca-file route-reconciliation-period secondary-node-eviction-rate
secure-port service-account-private-key-file service-cluster-ip-range show-hidden-metrics-for-version terminated-pod-gc-threshold
tls-cert-file tls-cipher-suites tls-curve-preferences tls-min-version tls-private-key-file tls-sni-cert-key unhealthy-zone-threshold
use-service-account-credentials v vmodule
`;

test("every flag of the original is taken, and those without effect say so", () => {
  assert.deepEqual(Object.keys(commandFlags).sort(), ORIGINAL.trim().split(/\s+/));
  for (const flag of Object.values(unusedFlags)) assert.match(flag.deprecated ?? "", /^it has no effect: /);
});

test("what the original does not know either is refused", () => {
  assert.throws(() => parseFlags(commandFlags, ["--concurrent-unicorn-syncs=1"]), /unknown flag/);
});

test("an authority for all signers or one for each, and no half of one", () => {
  const folder = mkdtempSync(join(tmpdir(), "kubets-flags-"));
  try {
    const key = createKey();
    writeFileSync(join(folder, "a.key"), keyToPem(key));
    writeFileSync(join(folder, "a.crt"), "certificate");
    const [certificate, itsKey] = [join(folder, "a.crt"), join(folder, "a.key")];
    const options = (...args: string[]) => optionsOfFlags(parseFlags(commandFlags, args).values);
    const own = options(
      `--cluster-signing-kubelet-serving-cert-file=${certificate}`,
      `--cluster-signing-kubelet-serving-key-file=${itsKey}`,
    );
    assert.deepEqual([own.signer, Object.keys(own.signers)], [undefined, ["kubernetes.io/kubelet-serving"]]);
    assert.throws(() => options(`--cluster-signing-kubelet-client-cert-file=${certificate}`), /must be given together/);
    const both = [`--cluster-signing-cert-file=${certificate}`, `--cluster-signing-key-file=${itsKey}`];
    assert.throws(() => options(...both, `--cluster-signing-legacy-unknown-key-file=${itsKey}`), /not both/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("the autoscaler's periods", () => {
  const { values } = parseFlags(controllerManagerFlags, ["--horizontal-pod-autoscaler-sync-period=5s"]);
  assert.equal(optionsOfFlags(values).hpaSyncPeriodMs, 5000);
  assert.equal(optionsOfFlags(parseFlags(controllerManagerFlags, []).values).hpaSyncPeriodMs, 15_000);
});
