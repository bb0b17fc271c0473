/** What `kubets why net` says of a connection in a real cluster, and whether the connection passes. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { eventually, type TestCluster, upCluster, whyNoContainers } from "../cluster.ts";

const POLICY = JSON.stringify({
  apiVersion: "networking.k8s.io/v1",
  kind: "NetworkPolicy",
  metadata: { name: "friends" },
  spec: {
    podSelector: { matchLabels: { run: "web" } },
    ingress: [{ from: [{ podSelector: { matchLabels: { friend: "yes" } } }], ports: [{ port: 8080 }] }],
  },
});

describe("why net", { skip: whyNoContainers() ?? false }, () => {
  let cluster: TestCluster;
  let address: string;
  const why = (port = "8080") => cluster.kubets(["why", "net", `client -> web:${port}`]);
  const passes = () => {
    try {
      cluster.kubectl([
        "exec",
        "client",
        "--",
        "timeout",
        "2",
        "wget",
        "-qO-",
        `http://${address}:8080/cgi-bin/index.cgi`,
      ]);
      return true;
    } catch {
      return false;
    }
  };

  before(() => {
    cluster = upCluster({ nodes: 2, suffix: "why" });
    for (const name of ["web", "client"]) cluster.kubectl(["run", name, "--image=kubets.local/demo:1"]);
    cluster.kubectl(["wait", "--for=condition=Ready", "pods", "--all", "--timeout=60s"]);
    address = cluster.kubectl(["get", "pod", "web", "-o", "jsonpath={.status.podIP}"]);
  });
  after(() => cluster?.down());

  test("says that nothing restricts a connection, and it passes", () => {
    assert.match(why(), /^default\/client \(\S+\) -> default\/web \(\S+\) TCP 8080: passes$/m);
    assert.match(why(), /into default\/web: no policy restricts it/);
    assert.ok(passes());
  });

  test("says which policy is in the way, and it does not pass", async () => {
    cluster.kubectl(["apply", "-f", "-"], { input: POLICY });
    assert.match(why(), /TCP 8080: does not pass/);
    assert.match(why(), /restricted by policy default\/friends, which does not let it through/);
    await eventually("the connection's end", () => !passes());
  });

  test("says which policy lets it through, and it passes", async () => {
    cluster.kubectl(["label", "pod", "client", "friend=yes"]);
    assert.match(why(), /let through by policy default\/friends/);
    assert.match(why("9090"), /TCP 9090: does not pass/);
    await eventually("the connection", passes);
  });
});
