import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { parseFlags } from "@kubets/machinery/flags";
import { createKey, keyToPem } from "@kubets/wire/x509";
import { commandFlags, controllerManagerFlags } from "./flags.ts";
import { optionsOfFlags } from "./options-of-flags.ts";

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
