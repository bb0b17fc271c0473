/** What the unmodified kubectl does to a cluster. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { pods, replicationcontrollers } from "@kubets/api/generated/refs";
import { realProgram } from "../../real-programs.ts";
import { behaviour } from "../behaviour.ts";
import type { BehaviourContext } from "../context.ts";
import { container, pod, podSpec } from "../objects.ts";

const CLIENT = "[sig-cli] Kubectl client";

const yaml = (object: object, kind: string, apiVersion = "v1") => JSON.stringify({ apiVersion, kind, ...object });

const controller = (name: string, replicas: number, image: string) => ({
  metadata: { name },
  spec: {
    replicas,
    selector: { app: name },
    template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: "main", image }] } },
  },
});

async function runningPods(t: BehaviourContext, app: string, count: number): Promise<readonly string[]> {
  const list = ["get", "pods", "-l", `app=${app}`, "-o"];
  const form = "jsonpath={range .items[?(@.status.phase=='Running')]}{.metadata.name} {end}";
  return t.eventually(`${count} running pods of ${app}`, async () => {
    const all = (await t.kubectl([...list, "name"])).trim().split("\n").filter(Boolean);
    const names = (await t.kubectl([...list, form])).trim().split(" ").filter(Boolean);
    return all.length === count && names.length === count && names;
  });
}

behaviour(
  `${CLIENT} Kubectl api-versions should check if v1 is in available api versions [Conformance]`,
  { on: "api" },
  async (t) => assert.match(await t.kubectl(["api-versions"]), /^v1$/m),
);

behaviour(
  `${CLIENT} Kubectl cluster-info should check if Kubernetes control plane services is included in cluster-info [Conformance]`,
  { on: "api" },
  async (t) => assert.match(await t.kubectl(["cluster-info"]), /Kubernetes control plane.* is running at .*https:\/\//),
);

behaviour(
  `${CLIENT} Kubectl describe should check if kubectl describe prints relevant information for rc and pods [Conformance]`,
  { on: "simulated" },
  async (t) => {
    await t.kubectl(["create", "-f", "-"], {
      input: yaml(controller("told", 1, t.images.pause), "ReplicationController"),
    });
    await t.kubectl(["expose", "rc", "told", "--port=80", "--target-port=8080"]);
    const [name = ""] = await runningPods(t, "told", 1);
    const tells = async (args: readonly string[], patterns: readonly RegExp[]) => {
      const text = await t.kubectl(["describe", ...args]);
      for (const pattern of patterns) assert.match(text, pattern);
    };
    const image = t.images.pause.replaceAll(".", "\\.");
    await tells(
      ["pod", name],
      [
        new RegExp(`^Name: +${name}$`, "m"),
        new RegExp(`^Namespace: +${t.namespace}$`, "m"),
        /^Labels: +app=told$/m,
        /^Status: +Running$/m,
        /^Controlled By: +ReplicationController\/told$/m,
        new RegExp(`Image: +${image}`),
        /State: +Running/,
        /QoS Class: +BestEffort/,
      ],
    );
    await tells(
      ["rc", "told"],
      [
        /^Name: +told$/m,
        /^Selector: +app=told$/m,
        /^Replicas: +1 current \/ 1 desired$/m,
        /^Pods Status: +1 Running \/ 0 Waiting \/ 0 Succeeded \/ 0 Failed$/m,
        /Pod Template:/,
        /^Events:/m,
      ],
    );
    await tells(
      ["service", "told"],
      [/^Name: +told$/m, /^Selector: +app=told$/m, /^Type: +ClusterIP$/m, /^TargetPort: +8080\/TCP$/m],
    );
    await tells(
      ["node", t.cluster.nodes[0] ?? ""],
      [/^Roles:/m, /^Conditions:$/m, /MemoryPressure/, /^Capacity:$/m, /^System Info:$/m, /Kubelet Version:/],
    );
    await tells(["namespace", t.namespace], [new RegExp(`^Name: +${t.namespace}$`, "m"), /^Status: +Active$/m]);
  },
);

behaviour(
  `${CLIENT} Kubectl diff should check if kubectl diff finds a difference for Deployments [Conformance]`,
  { on: "api" },
  async (t) => {
    const deployment = (image: string) =>
      yaml(
        {
          metadata: { name: "differs" },
          spec: {
            selector: { matchLabels: { app: "d" } },
            template: {
              metadata: { labels: { app: "d" } },
              spec: podSpec(undefined, { containers: [{ name: "c", image }] }),
            },
          },
        },
        "Deployment",
        "apps/v1",
      );
    await t.kubectl(["create", "-f", "-"], { input: deployment("example/one") });
    // It ends with 1 where something differs.
    const told = spawnSync(
      realProgram("v35", "kubectl"),
      ["--kubeconfig", t.cluster.kubeconfig, "--namespace", t.namespace, "diff", "-f", "-"],
      { input: deployment("example/two"), encoding: "utf8", timeout: 60_000 },
    );
    assert.equal(told.status, 1, told.stderr);
    assert.match(told.stdout, /^-\s+- image: example\/one\n\+\s+- image: example\/two$/m);
  },
);

behaviour(
  `${CLIENT} Kubectl label should update the label on a resource [Conformance]`,
  { on: "simulated" },
  async (t) => {
    await t.client.create(pods, { ...pod("labelled"), metadata: { namespace: t.namespace, name: "labelled" } });
    await t.podReady("labelled");
    const column = () => t.kubectl(["get", "pod", "labelled", "-L", "testing-label", "--no-headers"]);
    await t.kubectl(["label", "pods", "labelled", "testing-label=testing-label-value"]);
    assert.match(await column(), /testing-label-value/);
    await t.kubectl(["label", "pods", "labelled", "testing-label-"]);
    assert.doesNotMatch(await column(), /testing-label-value/);
  },
);

behaviour(
  `${CLIENT} Kubectl patch should add annotations for pods in rc [Conformance]`,
  { on: "simulated" },
  async (t) => {
    await t.kubectl(["create", "-f", "-"], {
      input: yaml(controller("patched", 2, t.images.pause), "ReplicationController"),
    });
    for (const name of await runningPods(t, "patched", 2)) {
      await t.kubectl(["patch", "pod", name, "-p", '{"metadata":{"annotations":{"x":"y"}}}']);
      const { metadata } = await t.client.get(pods, { namespace: t.namespace, name });
      assert.equal(metadata.annotations?.["x"], "y");
    }
  },
);

behaviour(
  `${CLIENT} Kubectl replace should update a single-container pod's image [Conformance]`,
  { on: "simulated" },
  async (t) => {
    await t.kubectl(["run", "replaced", `--image=${t.images.demo}`, "--labels=run=replaced"]);
    await t.podReady("replaced");
    const live = JSON.parse(await t.kubectl(["get", "pod", "replaced", "-o", "json"])) as {
      spec: { containers: { image: string }[] };
    };
    (live.spec.containers[0] as { image: string }).image = t.images.pause;
    await t.kubectl(["replace", "-f", "-"], { input: JSON.stringify(live) });
    const { spec } = await t.client.get(pods, { namespace: t.namespace, name: "replaced" });
    assert.equal(spec.containers[0]?.image, t.images.pause);
  },
);

behaviour(
  `${CLIENT} Kubectl server-side dry-run should check if kubectl can dry-run update Pods [Conformance]`,
  { on: "simulated" },
  async (t) => {
    await t.kubectl(["run", "dry", `--image=${t.images.demo}`, "--labels=run=dry"]);
    await t.podReady("dry");
    const patch = { spec: { containers: [{ name: "dry", image: t.images.pause }] } };
    await t.kubectl(["patch", "pod", "dry", "-p", JSON.stringify(patch), "--dry-run=server"]);
    const { spec } = await t.client.get(pods, { namespace: t.namespace, name: "dry" });
    assert.equal(spec.containers[0]?.image, t.images.demo);
  },
);

behaviour(
  `${CLIENT} Update Demo should create and stop a replication controller [Conformance]`,
  { on: "simulated" },
  async (t) => {
    await t.kubectl(["create", "-f", "-"], {
      input: yaml(controller("demo", 2, t.images.demo), "ReplicationController"),
    });
    await runningPods(t, "demo", 2);
    await t.kubectl(["delete", "rc", "demo", "--grace-period=0", "--force"]);
    await t.untilGone(replicationcontrollers, "demo");
    await t.eventually(
      "its pods to be gone",
      async () => (await t.kubectl(["get", "pods", "-l", "app=demo", "-o", "name"])) === "",
    );
  },
);

behaviour(
  `${CLIENT} Update Demo should scale a replication controller [Conformance]`,
  { on: "simulated" },
  async (t) => {
    await t.kubectl(["create", "-f", "-"], {
      input: yaml(controller("demo", 2, t.images.demo), "ReplicationController"),
    });
    await runningPods(t, "demo", 2);
    for (const replicas of [1, 2]) {
      await t.kubectl(["scale", "rc", "demo", `--replicas=${replicas}`, "--timeout=1m"]);
      await runningPods(t, "demo", replicas);
    }
  },
);

behaviour(
  "[sig-cli] Kubectl logs logs should be able to retrieve and filter logs [Conformance]",
  { on: "containers" },
  async (t) => {
    const spec = podSpec(undefined, {
      containers: [container("i=0; while [ $i -lt 20 ]; do echo line $i; i=$((i+1)); done; sleep 3600")],
    });
    await t.client.create(pods, { metadata: { namespace: t.namespace, name: "logs" }, spec });
    await t.podReady("logs");
    const logs = (...args: string[]) => t.kubectl(["logs", "logs", "c", ...args]);
    await t.eventually("the last line", async () => (await logs()).includes("line 19"));
    assert.equal(await logs("--tail=1"), "line 19\n");
    assert.equal(await logs("--limit-bytes=1"), "l");
    const [time = ""] = (await logs("--tail=1", "--timestamps")).split(" ");
    assert.match(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/);
    assert.equal((await logs("--since=24h")).trim().split("\n").length, 20);
    await t.eventually("all lines to be older than a second", async () => (await logs("--since=1s")) === "");
  },
);
