/**
 * A host that leaves its cluster for good: nothing of it stays. And one whose kubelet runs alone: it asks for its certificates by what all newcomers have, and renews
 * them on a cluster where they live a minute.
 */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { eventually, whyNoContainers } from "../cluster.ts";
import { realProgram } from "../real-programs.ts";
import { type Host, Rack } from "./hosts.ts";

const DEMO = "kubets.local/demo:1";

describe("leaving, and kubelets alone", { skip: whyNoContainers() ?? false }, () => {
  let rack: Rack;
  let server: Host;
  let node: Host;

  const kubeconfig = () => join(server.folder, "home/default/kubeconfig");
  const kubectl = (...args: string[]) =>
    server.run(realProgram("v35", "kubectl"), "--kubeconfig", kubeconfig(), ...args);
  const inside = (command: string) => node.run("sh", "-c", command);

  before(async () => {
    rack = new Rack();
    server = await rack.add(41);
    node = await rack.add(42);
    const flags = [
      `--advertise-address=${server.address}`,
      "--cluster-cidr=10.231.0.0/16",
      "--certificate-lifetime=1m",
    ];
    await server.launch("server", ...flags).says("control plane ready");
  });
  after(() => rack.remove());

  test("a node that is reset has nothing of the cluster any more", { timeout: 300_000 }, async () => {
    const { output } = server.kubets("token", "create", "--print-join-command");
    const words = output.trim().split(" ").slice(1);
    const agent = node.launch(...words, `--node-ip=${node.address}`, `--cgroup-root=/${node.name}`);
    await agent.says("node ready");
    kubectl("create", "deployment", "web", `--image=${DEMO}`, "--replicas=2");
    kubectl("rollout", "status", "deployment/web", "--timeout=90s");
    const spec = {
      containers: [{ name: "shows", image: DEMO, volumeMounts: [{ name: "image", mountPath: "/image" }] }],
      volumes: [{ name: "image", image: { reference: DEMO, pullPolicy: "IfNotPresent" } }],
    };
    kubectl("run", "shows", `--image=${DEMO}`, `--overrides=${JSON.stringify({ spec })}`);
    kubectl("wait", "--for=condition=Ready", "pod/shows", "--timeout=60s");
    assert.match(inside("mount"), /\/kubelet\/pods\/\S+\/kubernetes.io~image\//);
    const flags = [`--cgroup-root=/${node.name}`];
    const running = node.kubets("reset", "--yes", ...flags);
    assert.equal(running.code, 1, running.output);
    assert.match(running.output, /runs on this machine: stop it first/);
    await agent.kill("SIGTERM");
    assert.match(node.kubets("reset", ...flags).output, /say --yes to do it unasked/);
    assert.notEqual(inside("ls /var/lib/kubelet/pods").trim(), "");

    assert.match(inside("ls /var/log/containers"), /\.log/);
    inside("touch /var/log/containers/of-another");

    for (let times = 0; times < 2; times++) {
      const { code, output: said } = node.kubets("reset", "--yes", ...flags);
      assert.equal(code, 0, said);
      assert.match(said, /This machine is in no cluster any more/);
    }
    assert.equal(inside("ls -A /var/log/containers && rm -r /var/log/containers").trim(), "of-another");
    assert.equal(
      inside("ls -A /var/lib/kubets /var/lib/kubelet /var/log /etc/cni/net.d | grep -v : || true").trim(),
      "",
    );
    assert.equal(
      inside("ip -o link show type veth; ip -o link show type bridge")
        .split("\n")
        .filter((line) => !line.includes("eth0"))
        .join("")
        .trim(),
      "",
    );
    assert.equal(inside("nft list tables | grep kubets || true").trim(), "");
    assert.equal(inside("ip netns list; mount | grep -E 'containerd|/kubelet/pods' || true").trim(), "");
    assert.match(node.kubets("agent").output, /this machine belongs to no cluster/);
    kubectl("delete", "node", node.name);
  });

  test("a kubelet alone asks for its certificates, and renews them", { timeout: 300_000 }, async () => {
    // A runtime that an agent left: the kubelet takes any.
    const words = server.kubets("token", "create", "--print-join-command").output.trim().split(" ").slice(1);
    const token = words[words.indexOf("--token") + 1];
    const agent = node.launch(...words, `--node-ip=${node.address}`, `--cgroup-root=/${node.name}`);
    await agent.says("node ready");
    await agent.kill("SIGKILL");
    kubectl("delete", "node", node.name);

    const clusters = JSON.parse(
      kubectl("config", "view", "--raw", "--minify", "-o", "jsonpath={.clusters[0].cluster}"),
    ) as Record<string, string>;
    const file = (name: string) => join(node.folder, name);
    const yaml = {
      apiVersion: "v1",
      kind: "Config",
      clusters: [{ name: "c", cluster: { ...clusters, server: `https://${server.address}:6443` } }],
      contexts: [{ name: "c", context: { cluster: "c", user: "newcomer" } }],
      "current-context": "c",
      users: [{ name: "newcomer", user: { token } }],
    };
    writeFileSync(file("bootstrap.conf"), JSON.stringify(yaml));
    writeFileSync(file("ca.crt"), Buffer.from(clusters["certificate-authority-data"] ?? "", "base64"));
    writeFileSync(
      file("config.yaml"),
      JSON.stringify({
        apiVersion: "kubelet.config.k8s.io/v1beta1",
        kind: "KubeletConfiguration",
        rotateCertificates: true,
        serverTLSBootstrap: true,
        cgroupRoot: `/${node.name}`,
        containerRuntimeEndpoint: "unix:///run/kubets-agent/containerd.sock",
        authentication: { x509: { clientCAFile: file("ca.crt") } },
      }),
    );
    const kubelet = node.launch(
      "kubelet",
      `--bootstrap-kubeconfig=${file("bootstrap.conf")}`,
      `--kubeconfig=${file("kubelet.conf")}`,
      `--config=${file("config.yaml")}`,
      `--cert-dir=${file("pki")}`,
      `--node-ip=${node.address}`,
    );
    await kubelet.says("node ready");
    kubectl("wait", "--for=condition=Ready", `node/${node.name}`, "--timeout=60s");
    assert.match(readFileSync(file("kubelet.conf"), "utf8"), /client-certificate: .*kubelet-client-current\.pem/);
    const renewals = (what: string) =>
      kubelet.log().match(new RegExp(`certificate renewed .*what=${what}$`, "gm"))?.length ?? 0;
    for (const what of ["kubelet-client", "kubelet-serving"])
      await eventually(`${what} renewed twice`, () => renewals(what) >= 2, 180_000);
    kubectl("run", "late", `--image=${DEMO}`, "--image-pull-policy=Never");
    kubectl("wait", "--for=condition=Ready", "pod/late", "--timeout=60s");
    assert.match(kubectl("exec", "late", "--", "echo", "by a new certificate"), /by a new certificate/);
  });
});
