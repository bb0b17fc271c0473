/** A program that gathers logs, as they are deployed: on each node one, which reads what stands below /var/log/containers. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { PATIENCE, type TestCluster, upCluster, whyNoContainers } from "../cluster.ts";

const IMAGE = "kubets.local/demo:1";
const SPOKEN = "while true; do echo spoken; sleep 0.5; done";
const FOUND = "grep -l spoken /var/log/containers/speaker-*_default_demo-*.log || true";

const gatherer = {
  apiVersion: "apps/v1",
  kind: "DaemonSet",
  metadata: { name: "gatherer" },
  spec: {
    selector: { matchLabels: { app: "gatherer" } },
    template: {
      metadata: { labels: { app: "gatherer" } },
      spec: {
        terminationGracePeriodSeconds: 0,
        containers: [
          {
            name: "main",
            image: IMAGE,
            command: ["sleep", "1000"],
            volumeMounts: [{ name: "logs", mountPath: "/var/log", readOnly: true }],
          },
        ],
        volumes: [{ name: "logs", hostPath: { path: "/var/log" } }],
      },
    },
  },
};

describe("logging", { skip: whyNoContainers() ?? false }, () => {
  let cluster: TestCluster;
  before(() => {
    cluster = upCluster({ nodes: 2, suffix: "log" });
  });
  after(() => cluster?.down());

  test("the logs of the containers of a node are found there, and those of no other", async () => {
    const { kubectl } = cluster;
    kubectl(["create", "deployment", "speaker", `--image=${IMAGE}`, "--replicas=4", "--", "sh", "-c", SPOKEN]);
    kubectl(["apply", "-f", "-"], { input: JSON.stringify(gatherer) });
    kubectl(["rollout", "status", "deployment/speaker", "--timeout=60s"]);
    kubectl(["rollout", "status", "daemonset/gatherer", "--timeout=60s"]);
    const pods = kubectl([
      "get",
      "pods",
      "-o",
      "jsonpath={range .items[*]}{.spec.nodeName} {.metadata.name}{'\\n'}{end}",
    ])
      .trim()
      .split("\n")
      .map((line) => line.split(" ") as [string, string]);
    for (const node of ["node-1", "node-2"]) {
      const of = (name: string) =>
        pods.filter(([on, pod]) => on === node && pod.startsWith(name)).map(([, pod]) => pod);
      const [there = ""] = of("gatherer");
      const gathered = () => kubectl(["exec", there, "--", "sh", "-c", FOUND]).trim().split("\n").map(podOfLink).sort();
      const speakers = of("speaker").sort();
      assert.ok(speakers.length > 0, `no speaker runs on ${node}`);
      // What is spoken comes to the log a moment later.
      for (const end = Date.now() + 20_000 * PATIENCE; Date.now() < end && gathered().length < speakers.length; )
        await new Promise((resolve) => setTimeout(resolve, 100));
      assert.deepEqual(gathered(), speakers);
    }
  });
});

const podOfLink = (link: string) => /containers\/([^_]+)_default_demo-[0-9a-f]{64}\.log$/.exec(link)?.[1] ?? link;
