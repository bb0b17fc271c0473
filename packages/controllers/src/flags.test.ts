import assert from "node:assert/strict";
import { test } from "node:test";
import { parseFlags } from "@kubets/machinery/flags";
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
  assert.equal(warnings.length, 5);
});

test("what the original does not know either is refused", () => {
  assert.throws(() => parseFlags(commandFlags, ["--concurrent-unicorn-syncs=1"]), /unknown flag/);
});

test("the autoscaler's periods", () => {
  const { values } = parseFlags(controllerManagerFlags, ["--horizontal-pod-autoscaler-sync-period=5s"]);
  assert.equal(optionsOfFlags(values).hpaSyncPeriodMs, 5000);
  assert.equal(optionsOfFlags(parseFlags(controllerManagerFlags, []).values).hpaSyncPeriodMs, 15_000);
});
