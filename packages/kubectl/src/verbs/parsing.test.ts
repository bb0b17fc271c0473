import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { titleOf } from "../describe/generic.ts";
import { judge } from "./drain.ts";
import { serviceFor } from "./expose.ts";
import { parsePorts } from "./port-forward.ts";
import { parseTaints } from "./taint.ts";

describe("what verbs read and decide", () => {
  it("taints", () => {
    const { names, add, remove } = parseTaints(["nodes", "n1", "a=b:NoSchedule", "c:NoExecute", "d-", "e:NoSchedule-"]);
    assert.deepEqual(names, ["nodes", "n1"]);
    assert.deepEqual(add, [
      { effect: "NoSchedule", key: "a", value: "b" },
      { effect: "NoExecute", key: "c" },
    ]);
    assert.deepEqual(remove, [
      { key: "d", effect: "" },
      { key: "e", effect: "NoSchedule" },
    ]);
    assert.throws(() => parseTaints(["n1", "x", "a=b:Nope"]), /invalid taint spec/);
  });

  it("forwarded ports", () => {
    const local = (written: string) => parsePorts([written])[0];
    assert.deepEqual(local("8080:80"), { local: 8080, remote: "80" });
    assert.deepEqual(local("80"), { local: 80, remote: "80" });
    assert.deepEqual(local(":80"), { local: 0, remote: "80" });
    assert.deepEqual(local("8080:http"), { local: 8080, remote: "http" });
    assert.throws(() => parsePorts(["x:80"]), /invalid port format/);
  });

  it("the pods that leave a node", () => {
    const flags = { force: false, "ignore-daemonsets": false, "delete-emptydir-data": false };
    const owned = (kind: string) => ({ metadata: { ownerReferences: [{ kind, controller: true }] } });
    assert.equal(judge(owned("ReplicaSet"), flags).goes, true);
    assert.match(judge(owned("DaemonSet"), flags).error ?? "", /DaemonSet-managed/);
    assert.match(judge({}, flags).error ?? "", /declare no controller/);
    assert.equal(judge({}, { ...flags, force: true }).goes, true);
    const local = { ...owned("ReplicaSet"), spec: { volumes: [{ name: "v", emptyDir: {} }] } };
    assert.match(judge(local, flags).error ?? "", /local storage/);
    assert.equal(judge({ metadata: { annotations: { "kubernetes.io/config.mirror": "x" } } }, flags).goes, false);
  });

  it("the service of a deployment", () => {
    const flags = {
      name: "",
      labels: "",
      selector: "",
      port: "80",
      protocol: "",
      "target-port": "http",
      type: "NodePort",
      "cluster-ip": "",
      "external-ip": "",
      "load-balancer-ip": "",
      "session-affinity": "",
    };
    const resource = { group: "apps", resource: "deployments" } as never;
    const object = {
      metadata: { name: "web", labels: { app: "web" } },
      spec: { selector: { matchLabels: { app: "web" } } },
    };
    assert.deepEqual(serviceFor({ resource, object }, flags), {
      apiVersion: "v1",
      kind: "Service",
      metadata: { labels: { app: "web" }, name: "web" },
      spec: { ports: [{ port: 80, protocol: "TCP", targetPort: "http" }], selector: { app: "web" }, type: "NodePort" },
      status: { loadBalancer: {} },
    });
    assert.throws(() => serviceFor({ resource, object }, { ...flags, port: "" }), /couldn't find port/);
  });

  it("titles of fields", () =>
    assert.deepEqual(["creationTimestamp", "uid", "apiVersion", "podIPs", "x"].map(titleOf), [
      "Creation Timestamp",
      "UID",
      "API Version",
      "Pod I Ps",
      "X",
    ]));
});
