/** Two servers that leave it to the API who leads (gate CoordinatedLeaderElection): what it decided shows in leases, and outlives the leader. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { eventually, whyNoContainers } from "../cluster.ts";
import { whyNoEtcd } from "../storage/etcd-cluster.ts";
import { type Host, Rack } from "./hosts.ts";
import { SeveralServers } from "./several-servers.ts";

const FLAGS = [
  "--feature-gates=CoordinatedLeaderElection=true",
  "--runtime-config=coordination.k8s.io/v1beta1=true,coordination.k8s.io/v1alpha2=true",
];
const FIELDS = "jsonpath={.spec.holderIdentity} {.spec.strategy}";

describe("servers whose leader the API chooses", { skip: whyNoContainers() ?? whyNoEtcd() ?? false }, () => {
  let rack: Rack;
  let several: SeveralServers;

  before(async () => {
    rack = new Rack();
    several = new SeveralServers(rack, FLAGS);
    await several.stand([25, 26]);
    await several.join();
  });
  after(() => rack.remove());

  const leader = (host: Host): string =>
    several.kubectl(host, "get", "lease", "kube-controller-manager", "-n", "kube-system", "-o", FIELDS);

  test("one of them leads, and when it is gone the other", { timeout: 180_000 }, async () => {
    const [first, second] = several.hosts as [Host, Host];
    const candidates = several.kubectl(first, "get", "leasecandidates", "-n", "kube-system", "-o", "name");
    assert.equal(candidates.trim().split("\n").length, 2, candidates);
    assert.match(leader(first), new RegExp(`^${first.name}_.* OldestEmulationVersion$`));
    await several.servers[0]?.kill("SIGKILL");
    await eventually("another leader", () => leader(second).startsWith(`${second.name}_`));
    several.kubectl(second, "create", "deployment", "web", "--image=kubets.local/demo:1");
    await eventually("its controllers at work", () =>
      several.kubectl(second, "get", "pods", "-l", "app=web", "-o", "name").startsWith("pod/web-"),
    );
  });
});
