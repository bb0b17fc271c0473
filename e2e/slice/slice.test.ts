/**
 * The slice through all of it, on real containers over two nodes, with unmodified kubectl: from a Deployment to a packet that reaches a container by
 * virtual IP, by name, from the host, and back to the API from within.
 */
import assert from "node:assert/strict";
import { dirname } from "node:path";
import { after, before, describe, test } from "node:test";
import { eventually, type TestCluster, upCluster, whyNoContainers } from "../cluster.ts";

const skip = whyNoContainers();

/** Asks the API who it is, by the service's name, checking its certificate. The machine's own Node is lent to the container. */
const ASK = `
const https = require("node:https"), fs = require("node:fs"), dir = "/var/run/secrets/kubernetes.io/serviceaccount/";
const headers = { authorization: "Bearer " + fs.readFileSync(dir + "token"), "content-type": "application/json" };
const options = { host: "kubernetes.default.svc", path: "/apis/authentication.k8s.io/v1/selfsubjectreviews", method: "POST", headers, ca: fs.readFileSync(dir + "ca.crt") };
https.request(options, async (answer) => console.log(answer.statusCode, JSON.parse(Buffer.concat(await answer.toArray())).status.userInfo.username)).end("{}");
`;
const lent = ["/usr", "/lib", "/lib64", dirname(process.execPath)];
const apiClient = {
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: "api-client" },
  spec: {
    restartPolicy: "Never",
    containers: [
      {
        name: "ask",
        image: "kubets.local/demo:1",
        command: [process.execPath, "-e", ASK],
        volumeMounts: lent.map((path, i) => ({ name: `lent-${i}`, mountPath: path, readOnly: true })),
      },
    ],
    volumes: lent.map((path, i) => ({ name: `lent-${i}`, hostPath: { path } })),
  },
};

describe("the slice", { skip: skip ?? false }, () => {
  let cluster: TestCluster;
  before(() => {
    cluster = upCluster({ nodes: 2, flags: ["--publish", "18080:80/web"] });
  });
  after(() => cluster?.down());

  const pods = () =>
    (
      JSON.parse(cluster.kubectl(["get", "pods", "-l", "app=web", "-o", "json"])) as {
        items: { metadata: { name: string }; spec: { nodeName: string }; status: { podIP: string; phase: string } }[];
      }
    ).items;

  test("both nodes are ready", async () => {
    await eventually(
      "two ready nodes",
      () => cluster.kubectl(["get", "nodes", "--no-headers"]).match(/ Ready /g)?.length === 2,
    );
  });

  for (const release of ["v32", "v35"] as const)
    test(`kubectl ${release} rolls out a Deployment`, () => {
      const name = release === "v35" ? "web" : "other";
      cluster.kubectl(["create", "deployment", name, "--image=kubets.local/demo:1", "--replicas=3"], { release });
      cluster.kubectl(["rollout", "status", `deployment/${name}`, "--timeout=300s"], { release });
    });

  test("the pods stand on both nodes and reach each other", () => {
    const [first, ...others] = pods();
    assert.equal(new Set(pods().map((p) => p.spec.nodeName)).size, 2);
    for (const other of others) {
      const answer = cluster.kubectl([
        "exec",
        first?.metadata.name ?? "",
        "--",
        "timeout",
        "5",
        "wget",
        "-qO-",
        `http://${other.status.podIP}:8080/`,
      ]);
      assert.match(answer, new RegExp(other.metadata.name));
    }
  });

  for (const release of ["v32", "v35"] as const) {
    test(`logs and exec with kubectl ${release}`, () => {
      const name = pods()[0]?.metadata.name ?? "";
      assert.equal(cluster.kubectl(["exec", name, "--", "hostname"], { release }).trim(), name);
      assert.equal(
        cluster.kubectl(["exec", "-i", name, "--", "cat"], { release, input: "through and back" }),
        "through and back",
      );
      assert.match(cluster.kubectl(["logs", name], { release }), /serving on port/);
    });
  }

  test("a service answers by virtual IP and by name, from another pod", async () => {
    cluster.kubectl(["expose", "deployment", "web", "--port", "80", "--target-port", "8080", "--type", "NodePort"]);
    const ip = cluster.kubectl(["get", "service", "web", "-o", "jsonpath={.spec.clusterIP}"]);
    const client = pods()[0]?.metadata.name ?? "";
    const fetch = (url: string) => cluster.kubectl(["exec", client, "--", "timeout", "20", "wget", "-qO-", url]);
    await eventually("the virtual IP", () => fetch(`http://${ip}/`).startsWith("web-"));
    await eventually("the name", () => fetch("http://web.default.svc.cluster.local/").startsWith("web-"));
    await eventually("the short name", () => fetch("http://web/").startsWith("web-"));
  });

  test("the service is reached from the host, published and by node port", async () => {
    const port = cluster.kubectl(["get", "service", "web", "-o", "jsonpath={.spec.ports[0].nodePort}"]);
    for (const url of ["http://127.0.0.1:18080/", `http://127.0.0.1:${port}/`])
      await eventually(url, async () => (await (await fetch(url)).text()).startsWith("web-"));
  });

  test("a pod talks to the API with its mounted token and authority", async () => {
    cluster.kubectl(["apply", "-f", "-"], { input: JSON.stringify(apiClient) });
    await eventually(
      "the pod to end",
      () => cluster.kubectl(["get", "pod", "api-client", "-o", "jsonpath={.status.phase}"]) === "Succeeded",
    );
    assert.match(cluster.kubectl(["logs", "api-client"]), /201 system:serviceaccount:default:default/);
  });

  test("scaling, and a deleted pod is replaced", async () => {
    cluster.kubectl(["scale", "deployment", "web", "--replicas=5"]);
    await eventually(
      "five ready pods",
      () => cluster.kubectl(["get", "deployment", "web", "-o", "jsonpath={.status.readyReplicas}"]) === "5",
    );
    const [gone] = pods();
    cluster.kubectl(["delete", "pod", gone?.metadata.name ?? "", "--grace-period=1"]);
    await eventually(
      "five ready pods again",
      () => pods().length === 5 && !pods().some((p) => p.metadata.name === gone?.metadata.name),
    );
  });

  test("a container that is killed is started again", async () => {
    const name = pods()[0]?.metadata.name ?? "";
    try {
      cluster.kubectl(["exec", name, "--", "sh", "-c", "kill -TERM 1"]);
    } catch {
      // The command may end with the container that it ends.
    }
    await eventually(
      "one restart",
      () => cluster.kubectl(["get", "pod", name, "-o", "jsonpath={.status.containerStatuses[0].restartCount}"]) === "1",
    );
  });

  test("a pod that fits nowhere says why", async () => {
    cluster.kubectl([
      "run",
      "huge",
      "--image=kubets.local/demo:1",
      "--overrides",
      '{"spec":{"containers":[{"name":"huge","image":"kubets.local/demo:1","resources":{"requests":{"cpu":"999"}}}]}}',
    ]);
    await eventually("the event", () =>
      /0\/2 nodes are available: 2 Insufficient cpu/.test(
        cluster.kubectl(["get", "events", "--field-selector", "involvedObject.name=huge"]),
      ),
    );
  });
});
