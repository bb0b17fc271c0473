/** Claims on a cluster as it comes: volumes are made of the nodes' disks, keep their data through pods, and go with their claims. */
import assert from "node:assert/strict";
import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { eventually, type TestCluster, upCluster, whyNoContainers } from "../cluster.ts";
import { startPlugin } from "../kubelet/plugin-process.ts";
import { processesOf } from "../soak/victims.ts";

const claim = (storage: string) => ({ accessModes: ["ReadWriteOnce"], resources: { requests: { storage } } });
const image = "kubets.local/demo:1";
const set = {
  apiVersion: "apps/v1",
  kind: "StatefulSet",
  metadata: { name: "db" },
  spec: {
    serviceName: "db",
    selector: { matchLabels: { app: "db" } },
    template: {
      metadata: { labels: { app: "db" } },
      spec: {
        terminationGracePeriodSeconds: 0,
        securityContext: { runAsUser: 1000, fsGroup: 2000 },
        containers: [
          {
            name: "c",
            image,
            command: ["sh", "-c", "echo begun >> /data/log; sleep 600"],
            volumeMounts: [{ name: "data", mountPath: "/data" }],
          },
        ],
      },
    },
    volumeClaimTemplates: [{ metadata: { name: "data" }, spec: claim("1Gi") }],
  },
};
const scratch = {
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: "scratch" },
  spec: {
    terminationGracePeriodSeconds: 0,
    containers: [
      {
        name: "c",
        image,
        command: ["sh", "-c", "echo written > /v/file; sleep 600"],
        volumeMounts: [{ name: "v", mountPath: "/v" }],
      },
    ],
    volumes: [{ name: "v", ephemeral: { volumeClaimTemplate: { spec: claim("1Mi") } } }],
  },
};

interface Attachment {
  readonly metadata: { readonly name: string };
  readonly spec: { readonly attacher: string; readonly nodeName: string };
}

const DRIVER = "driver.example.com";
const attached = [
  { apiVersion: "storage.k8s.io/v1", kind: "CSIDriver", metadata: { name: DRIVER }, spec: { attachRequired: true } },
  {
    apiVersion: "v1",
    kind: "PersistentVolume",
    metadata: { name: "attached" },
    spec: {
      capacity: { storage: "1Gi" },
      accessModes: ["ReadWriteOnce"],
      csi: { driver: DRIVER, volumeHandle: "disk-1" },
      storageClassName: "",
      persistentVolumeReclaimPolicy: "Retain",
    },
  },
  {
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    metadata: { name: "attached" },
    spec: { ...claim("1Gi"), storageClassName: "", volumeName: "attached" },
  },
  {
    ...scratch,
    metadata: { name: "attached" },
    spec: { ...scratch.spec, volumes: [{ name: "v", persistentVolumeClaim: { claimName: "attached" } }] },
  },
];

describe("storage", { skip: whyNoContainers() ?? false }, () => {
  let cluster: TestCluster;
  before(() => {
    cluster = upCluster({ nodes: 1 });
  });
  after(() => cluster?.down());
  const apply = (object: object) => cluster.kubectl(["apply", "-f", "-"], { input: JSON.stringify(object) });
  const count = (what: string) =>
    cluster.kubectl(["get", what, "-o", "name"]).trim().split("\n").filter(Boolean).length;

  test("a set's data outlives its pod, and belongs to the pod's group", async () => {
    apply(set);
    cluster.kubectl(["rollout", "status", "statefulset/db", "--timeout=60s"]);
    cluster.kubectl(["delete", "pod", "db-0"]);
    await eventually(
      "the data of both pods",
      () => cluster.kubectl(["exec", "db-0", "--", "cat", "/data/log"]) === "begun\nbegun\n",
    );
    assert.equal(cluster.kubectl(["exec", "db-0", "--", "stat", "-c", "%g", "/data/log"]).trim(), "2000");
  });

  test("an ephemeral volume goes with its pod", async () => {
    apply(scratch);
    cluster.kubectl(["wait", "pod/scratch", "--for=condition=Ready", "--timeout=60s"]);
    assert.equal(cluster.kubectl(["exec", "scratch", "--", "cat", "/v/file"]), "written\n");
    assert.equal(count("pv"), 2);
    cluster.kubectl(["delete", "pod", "scratch"]);
    await eventually("its volume to be gone", () => count("pv") === 1);
  });

  test("a driver's volume is staged when it is attached, with what its attachment says, and detached", async () => {
    const node = join(cluster.kubeconfig, "../nodes/node-1");
    const data = join(node, "driver");
    const [agent] = processesOf("agent", join(cluster.home, cluster.name), cluster.name);
    mkdirSync(join(node, "kubelet/plugins"), { recursive: true });
    const driver = startPlugin(
      "../kubelet/csi-driver.ts",
      [join(node, "kubelet/plugins_registry/d.sock"), join(node, "kubelet/plugins/d.sock"), data],
      join(data, "calls"),
      ["nsenter", "-t", String(agent), "-m", "--"],
    );
    try {
      for (const object of attached) apply(object);
      const attachment = await eventually("an attachment", () => {
        const [found] = JSON.parse(cluster.kubectl(["get", "volumeattachments", "-o", "json"])).items as Attachment[];
        return found;
      });
      assert.equal(attachment.spec.attacher, DRIVER);
      assert.equal(attachment.spec.nodeName, "node-1");
      assert.deepEqual(driver.calls("stage"), []);
      // As the attacher beside the driver's controller does.
      const status = JSON.stringify({ status: { attached: true, attachmentMetadata: { device: "/dev/one" } } });
      const patch = [
        "patch",
        "volumeattachment",
        attachment.metadata.name,
        "--subresource=status",
        "--type=merge",
        "-p",
      ];
      cluster.kubectl([...patch, status]);
      cluster.kubectl(["wait", "pod/attached", "--for=condition=Ready", "--timeout=60s"]);
      const [stage] = driver.calls("stage") as { publishContext: object }[];
      assert.deepEqual(stage?.publishContext, { device: "/dev/one" });
      cluster.kubectl(["delete", "pod", "attached"]);
      await eventually("the volume to be detached", () => count("volumeattachments") === 0);
      assert.equal(driver.calls("unstage").length, 1);
      for (const what of ["pvc/attached", "pv/attached", `csidriver/${DRIVER}`]) cluster.kubectl(["delete", what]);
    } finally {
      await driver.kill();
    }
  });

  test("a volume and its folder go with the claim", async () => {
    cluster.kubectl(["delete", "statefulset", "db"]);
    cluster.kubectl(["delete", "pvc", "data-db-0"]);
    await eventually("the volume to be gone", () => count("pv") === 0);
    const home = join(cluster.kubeconfig, "..", "nodes", "node-1", "volumes");
    assert.deepEqual(readdirSync(home), []);
  });
});
