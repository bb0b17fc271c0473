/** Three servers on three members of etcd, each on a host of its own, and a node: one server is killed under load. `npm run soak -- servers` kills for an hour. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { eventually, whyNoContainers } from "../cluster.ts";
import { whyNoEtcd } from "../storage/etcd-cluster.ts";
import { type Host, type Program, Rack } from "./hosts.ts";
import { SeveralServers, unharmed } from "./several-servers.ts";

describe("several servers", { skip: whyNoContainers() ?? whyNoEtcd() ?? false }, () => {
  let rack: Rack;
  let several: SeveralServers;
  let agent: Program;
  let node: Host;

  before(async () => {
    rack = new Rack();
    several = new SeveralServers(rack);
    await several.stand([21, 22, 23]);
  });
  after(() => rack.remove());

  test("a server is joined by another's token, and stands by", { timeout: 120_000 }, async () => {
    for (let joined = 1; joined < 3; joined++) assert.doesNotMatch((await several.join()).log(), /became leader/);
  });

  test("a server is not joined without what only people see", () => {
    const [, second] = several.hosts as [Host, Host];
    const command = several.invitation("--for-server").slice(0, -2);
    const key = command.indexOf("--certificate-key") + 1;
    const wrong = command.map((word, i) => (i === key ? "0".repeat(64) : word));
    const { code, output } = second.kubets(...wrong, ...several.own(second), "--cluster=other");
    assert.notEqual(code, 0);
    assert.match(output, /--certificate-key does not open the cluster's keys/);
    const asServer = ["server", ...several.invitation().slice(1), "--certificate-key", "0".repeat(64)];
    const refused = second.kubets(...asServer, ...several.own(second), "--cluster=other").output;
    assert.match(refused, /the token is not for a server/);
  });

  test("a killed server takes no request of the others with it, nor a node", { timeout: 240_000 }, async () => {
    ({ node, agent } = await several.joinNode(24));
    const { servers } = several;
    const [, second] = several.hosts as [Host, Host];
    const loads = [1, 2].map((place) => several.load(place, `load-${place}`));
    await eventually("load", () => several.kubectl(second, "get", "configmap", "load-1", "load-2"));
    await servers[0]?.kill("SIGKILL");
    await eventually("another leader", () => servers.slice(1).some((server) => server.log().includes("became leader")));
    for (const load of loads) {
      const { requests } = await unharmed(load);
      assert.ok(requests > 100, String(requests));
    }

    several.kubectl(second, "create", "deployment", "web", "--image=kubets.local/demo:1");
    several.kubectl(second, "rollout", "status", "deployment/web", "--timeout=90s");
    assert.match(several.kubectl(second, "get", "node", node.name, "--no-headers"), / Ready /);
  });

  test("a node starts again while the server that it was told of is gone", { timeout: 120_000 }, async () => {
    await agent.kill("SIGKILL");
    const again = node.launch("agent", `--node-ip=${node.address}`, `--cgroup-root=/${node.name}`);
    await again.says("node ready");
  });
});
