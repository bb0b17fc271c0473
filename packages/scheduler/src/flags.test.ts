import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { parseFlags } from "@kubets/machinery/flags";
import { schedulerCommand } from "./command.ts";
import { loadConfig } from "./config/config-file.ts";
import { schedulerFlags } from "./flags.ts";

/** What kube-scheduler v1.36 takes, but for --help and --version, which every command of kubets has. */
const ORIGINAL = `
allow-metric-labels allow-metric-labels-manifest authentication-kubeconfig authentication-skip-lookup
authentication-token-webhook-cache-ttl authentication-tolerate-lookup-failure authorization-always-allow-paths authorization-kubeconfig
authorization-webhook-cache-authorized-ttl authorization-webhook-cache-unauthorized-ttl bind-address cert-dir client-ca-file config
contention-profiling disable-http2-serving disabled-metrics emulated-version emulation-forward-compatible feature-gates
http2-max-streams-per-connection kube-api-burst kube-api-content-type kube-api-qps kubeconfig leader-elect leader-elect-lease-duration
leader-elect-renew-deadline leader-elect-resource-lock leader-elect-resource-name leader-elect-resource-namespace
leader-elect-retry-period log-flush-frequency log-json-info-buffer-size log-json-split-stream log-text-info-buffer-size
log-text-split-stream logging-format master min-compatibility-version permit-address-sharing permit-port-sharing
pod-max-in-unschedulable-pods-duration profiling requestheader-allowed-names requestheader-client-ca-file
requestheader-extra-headers-prefix requestheader-group-headers requestheader-uid-headers requestheader-username-headers secure-port
show-hidden-metrics-for-version tls-cert-file tls-cipher-suites tls-curve-preferences tls-min-version tls-private-key-file
tls-sni-cert-key v vmodule write-config-to
`;

test("every flag of the original is taken", () => {
  assert.deepEqual(Object.keys(schedulerFlags).sort(), ORIGINAL.trim().split(/\s+/));
});

test("a flag without effect is taken and says so", () => {
  const { values, warnings } = parseFlags(schedulerFlags, ["--profiling=false", "--contention-profiling", "--v=2"]);
  assert.equal(values.v, 2);
  assert.match(warnings.join("\n"), /^Flag --profiling has been deprecated, it has no effect: /);
  assert.equal(warnings.length, 2);
});

test("a feature gate that there is not is refused as the original does", async () => {
  const { values, given } = parseFlags(schedulerFlags, ["--feature-gates=kube:DRADeviceTaints=false,Nope=true"]);
  await assert.rejects(async () => schedulerCommand.run?.({ values, args: [], given } as never), {
    message:
      'invalid argument "kube:DRADeviceTaints=false,Nope=true" for "--feature-gates" flag: unrecognized feature gate: Nope',
  });
});

test("the configuration that is written is one that can be read", async () => {
  const folder = mkdtempSync(join(tmpdir(), "kubets-scheduler-"));
  try {
    const path = join(folder, "config.json");
    const { values, given } = parseFlags(schedulerFlags, [`--write-config-to=${path}`]);
    await schedulerCommand.run?.({ values, args: [], given } as never);
    assert.match(readFileSync(path, "utf8"), /"kind": "KubeSchedulerConfiguration"/);
    assert.equal(loadConfig(path, []).config.profiles[0]?.schedulerName, "default-scheduler");
  } finally {
    rmSync(folder, { recursive: true });
  }
});
