/** Pods on a real containerd, by a real kubelet. Needs root; everything that is made is removed. */
import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { Container, Pod, PodSpec } from "@kubets/api/generated/types/core-v1";
import { pod } from "@kubets/api/testing/pod-builder";
import { PATIENCE } from "../cluster.ts";
import { DEMO_IMAGE, whyNot } from "./containerd.ts";
import { NODE, startNode, type TestNode } from "./node.ts";

const reason = whyNot();

describe("kubelet on containerd", { skip: reason ?? false }, () => {
  const manifests = mkdtempSync(join(tmpdir(), "kubets-manifests-"));
  let node: TestNode;
  before(async () => {
    node = await startNode({ fileCheckFrequencyMs: 300, staticPodPath: manifests });
  });
  after(async () => {
    await node?.close();
    rmSync(manifests, { recursive: true });
  });

  const until = async <T>(
    what: string,
    look: () => Promise<T | undefined | false> | T | undefined | false,
    limitMs = 20_000 * PATIENCE,
  ): Promise<T> => {
    for (const end = Date.now() + limitMs; ; ) {
      const found = await look();
      if (found) return found;
      if (Date.now() > end) throw new Error(`${what} did not come true`);
      await new Promise((resolve) => setTimeout(resolve, 15));
    }
  };
  const phase = (name: string, wanted: string) =>
    until(`${name} ${wanted}`, async () => {
      const found = await node.api.pod(name);
      return found?.status.phase === wanted && found;
    });
  const isReady = ({ status }: Pod) => status.conditions?.find(({ type }) => type === "Ready")?.status === "True";
  const ready = (name: string) =>
    until(`${name} ready`, async () => {
      const found = await node.api.pod(name);
      return found && isReady(found) && found;
    });
  const gone = (name: string) => until(`${name} gone`, async () => (await node.api.pod(name)) === undefined);
  const shell = (script: string, more: Partial<Container> = {}): Partial<Container> => ({
    image: DEMO_IMAGE,
    imagePullPolicy: "IfNotPresent",
    command: ["sh", "-c", script],
    terminationMessagePath: "/dev/termination-log",
    terminationMessagePolicy: "File",
    ...more,
  });
  const make = (name: string, containers: Record<string, Partial<Container>>, spec: Partial<PodSpec> = {}) => {
    const builder = pod(name).on(NODE).uid(crypto.randomUUID());
    for (const [container, more] of Object.entries(containers)) builder.container(container, more);
    return node.api.createPod(builder.spec({ terminationGracePeriodSeconds: 1, ...spec }).build());
  };
  const logOf = ({ metadata }: Pod, container: string, n = 0) =>
    readFileSync(
      join(node.paths.podLogs, `${metadata.namespace}_${metadata.name}_${metadata.uid}`, container, `${n}.log`),
      "utf8",
    )
      .split("\n")
      .filter(Boolean)
      .map((line) => line.split(" ").slice(3).join(" "));

  it("runs a pod to its end", async () => {
    await make("once", { c: shell("echo out; printf why > /dev/termination-log; exit 4") }, { restartPolicy: "Never" });
    const ended = await phase("once", "Failed");
    const state = ended.status.containerStatuses?.[0]?.state.terminated;
    assert.equal(state?.exitCode, 4);
    assert.equal(state?.message, "why");
    assert.equal(state?.reason, "Error");
    assert.deepEqual(logOf(ended, "c"), ["out"]);
    const events = await until("events", () => node.api.events("once").length >= 3 && node.api.events("once"));
    assert.deepEqual(events.slice(0, 3), [
      `Pulled: Container image "${DEMO_IMAGE}" already present on machine and can be accessed by the pod`,
      "Created: Container created",
      "Started: Container started",
    ]);
    await node.api.deletePod("once");
    await gone("once");
  });

  it("keeps links to the logs of all containers in one folder", async () => {
    const links = join(node.paths.podLogs, "../containers");
    const of = (name: string) => readdirSync(links).filter((link) => link.startsWith(`${name}_`));
    const made = await make("logged", { c: shell("echo again; sleep 0.2; exit 1") }, { restartPolicy: "Always" });
    const id = await until("a second container", async () => {
      const [status] = (await node.api.pod("logged"))?.status.containerStatuses ?? [];
      return status?.restartCount === 1 && status.containerID?.slice("containerd://".length);
    });
    await until("its link", () => of("logged").some((link) => link.includes(id)));
    const link = `logged_${made.metadata.namespace}_c-${id}.log`;
    assert.match(readFileSync(join(links, link), "utf8"), / stdout F again\n$/);
    await node.api.deletePod("logged");
    await gone("logged");
    assert.deepEqual(of("logged"), []);
  });

  it("runs a ready pod, and takes it away with all that it had", async () => {
    const begun = performance.now();
    const made = await make("web", { c: shell("trap 'exit 0' TERM; while true; do sleep 0.1; done") });
    const running = await ready("web");
    console.log(`ready after ${Math.round(performance.now() - begun)} ms`);
    assert.match(running.status.podIP ?? "", /^10\.99\.0\./);
    assert.equal(running.status.phase, "Running");
    assert.match(running.status.containerStatuses?.[0]?.containerID ?? "", /^containerd:\/\//);
    const deleted = performance.now();
    await node.api.deletePod("web", 5);
    await gone("web");
    console.log(`gone after ${Math.round(performance.now() - deleted)} ms`);
    assert.deepEqual(readdirSync(join(node.paths.root, "pods")), []);
    assert.ok(!readdirSync(node.paths.podLogs).some((name) => name.includes(made.metadata.uid)));
  });

  it("mounts volumes, environment and the service account", async () => {
    await node.api.createConfigMap({ metadata: { namespace: "default", name: "cm" }, data: { a: "1" } });
    await node.api.createSecret({
      metadata: { namespace: "default", name: "s" },
      data: { key: Buffer.from("hidden").toString("base64") },
    });
    const script =
      "cat /cm/a /s/key /t/token /t/ns /t/ca.crt; echo; echo $A $B $POD $$; hostname; stat -c %a /e; grep -c ' /m ' /proc/mounts; id -u; grep -c demo-host /etc/hosts; cat /etc/resolv.conf";
    const made = await make(
      "full",
      {
        c: shell(script, {
          env: [
            { name: "A", valueFrom: { configMapKeyRef: { name: "cm", key: "a" } } },
            { name: "B", value: "b$(A)" },
            { name: "POD", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } },
          ],
          volumeMounts: ["cm", "s", "t", "e", "m"].map((name) => ({ name, mountPath: `/${name}` })),
          securityContext: { runAsUser: 1000 },
        }),
      },
      {
        restartPolicy: "Never",
        hostname: "demo-host",
        volumes: [
          { name: "cm", configMap: { name: "cm", defaultMode: 0o644 } },
          { name: "s", secret: { secretName: "s", defaultMode: 0o644 } },
          { name: "e", emptyDir: {} },
          { name: "m", emptyDir: { medium: "Memory", sizeLimit: "1Mi" } },
          {
            name: "t",
            projected: {
              defaultMode: 0o644,
              sources: [
                { serviceAccountToken: { path: "token", expirationSeconds: 3607 } },
                { configMap: { name: "kube-root-ca.crt", items: [{ key: "ca.crt", path: "ca.crt" }] } },
                { downwardAPI: { items: [{ path: "ns", fieldRef: { fieldPath: "metadata.namespace" } }] } },
              ],
            },
          },
        ],
      },
    );
    const ended = await phase("full", "Succeeded");
    const lines = logOf(made, "c");
    assert.match(lines[0] ?? "", /^1hiddentoken-\d+default-----BEGIN CERTIFICATE-----$/);
    assert.match(lines[2] ?? "", /^1 b1 full \$$/);
    assert.deepEqual(lines.slice(3, 8), ["demo-host", "777", "1", "1000", "1"]);
    assert.ok(lines.includes("nameserver 192.0.2.53"));
    assert.equal(ended.status.conditions?.find(({ type }) => type === "Initialized")?.reason, "PodCompleted");
    await node.api.deletePod("full");
    await gone("full");
  });

  it("shows a running container the new token when the old one comes to its end", async () => {
    node.api.tokenLifeMs = 3000;
    const script = "a=$(cat /t/x); while [ $(cat /t/x) = $a ]; do sleep 0.1; done; echo changed";
    const token = { serviceAccountToken: { path: "x", expirationSeconds: 600 } };
    await make(
      "renewed",
      { c: shell(script, { volumeMounts: [{ name: "t", mountPath: "/t" }] }) },
      { restartPolicy: "Never", volumes: [{ name: "t", projected: { sources: [token] } }] },
    );
    assert.deepEqual(logOf(await phase("renewed", "Succeeded"), "c"), ["changed"]);
    node.api.tokenLifeMs = 3_600_000;
    await node.api.deletePod("renewed");
    await gone("renewed");
  });

  it("runs init containers in order, and sidecars beside", async () => {
    const made = pod("init").on(NODE).uid(crypto.randomUUID());
    made.initContainer("one", shell("echo one > /v/log", { volumeMounts: [{ name: "v", mountPath: "/v" }] }));
    made.initContainer(
      "side",
      shell("trap 'exit 0' TERM; while true; do sleep 0.1; done", { restartPolicy: "Always" }),
    );
    made.initContainer("two", shell("echo two >> /v/log", { volumeMounts: [{ name: "v", mountPath: "/v" }] }));
    made.container("main", shell("cat /v/log; sleep 0.3", { volumeMounts: [{ name: "v", mountPath: "/v" }] }));
    const created = await node.api.createPod(
      made
        .spec({ restartPolicy: "Never", terminationGracePeriodSeconds: 2, volumes: [{ name: "v", emptyDir: {} }] })
        .build(),
    );
    const ended = await phase("init", "Succeeded");
    assert.deepEqual(logOf(created, "main"), ["one", "two"]);
    assert.equal(
      ended.status.initContainerStatuses?.find(({ name }) => name === "side")?.state.terminated?.exitCode,
      0,
    );
    await node.api.deletePod("init");
    await gone("init");
  });

  it("gives variables from a file that an init container wrote", async () => {
    const fileKeyRef = { volumeName: "v", path: "made/env", key: "WORD" };
    const init = shell("mkdir /v/made; echo \"WORD='from a file'\" > /v/made/env", {
      volumeMounts: [{ name: "v", mountPath: "/v" }],
    });
    await make(
      "filed",
      { c: shell('echo "$WORD"; ls /v 2>&1', { env: [{ name: "WORD", valueFrom: { fileKeyRef } }] }) },
      {
        restartPolicy: "Never",
        initContainers: [{ name: "i", resources: {}, ...init }],
        volumes: [{ name: "v", emptyDir: {} }],
      },
    );
    const ended = await phase("filed", "Failed");
    assert.equal(logOf(ended, "c")[0], "from a file");
    await node.api.deletePod("filed");
    await gone("filed");
  });

  it("kills what fails its liveness probe in the grace time of the probe", async () => {
    await make(
      "stubborn",
      {
        c: shell("trap '' TERM; while true; do sleep 0.1; done", {
          livenessProbe: {
            exec: { command: ["false"] },
            periodSeconds: 1,
            failureThreshold: 2,
            terminationGracePeriodSeconds: 1,
          },
        }),
      },
      { terminationGracePeriodSeconds: 3600 },
    );
    const restarted = await until("a restart", async () => {
      const found = await node.api.pod("stubborn");
      return (found?.status.containerStatuses?.[0]?.restartCount ?? 0) > 0 && found;
    });
    assert.equal(restarted.status.containerStatuses?.[0]?.lastState.terminated?.exitCode, 137);
    await node.api.deletePod("stubborn", 0);
    await gone("stubborn");
  });

  it("restarts what fails, with a wait after the second time", async () => {
    await make("crash", { c: shell("exit 2") });
    const waiting = await until("crash backs off", async () => {
      const found = await node.api.pod("crash");
      return found?.status.containerStatuses?.[0]?.state.waiting?.reason === "CrashLoopBackOff" && found;
    });
    const status = waiting.status.containerStatuses?.[0];
    assert.equal(status?.restartCount, 1);
    assert.equal(status?.lastState.terminated?.exitCode, 2);
    assert.match(
      status?.state.waiting?.message ?? "",
      /^back-off 10s restarting failed container=c pod=crash_default\(.*\)$/,
    );
    await node.api.deletePod("crash");
    await gone("crash");
  });

  it("restarts all containers of a pod by a rule of one", async () => {
    const rule = { action: "RestartAllContainers", exitCodes: { operator: "In", values: [42] } };
    const volumeMounts = [{ name: "v", mountPath: "/v" }];
    const once = shell("[ -e /v/again ] && exec sleep 1000; touch /v/again; exit 42", { volumeMounts });
    const builder = pod("all").on(NODE).uid(crypto.randomUUID());
    builder.initContainer("first", shell("echo $(cat /v/count 2>/dev/null)x > /v/count", { volumeMounts }));
    builder.container("once", { ...once, restartPolicy: "Never", restartPolicyRules: [rule] });
    builder.container("beside", shell("sleep 1000"));
    builder.spec({ restartPolicy: "Never", terminationGracePeriodSeconds: 1, volumes: [{ name: "v", emptyDir: {} }] });
    await node.api.createPod(builder.build());
    const found = await until("all to be restarted", async () => {
      const all = await node.api.pod("all");
      const counts = all?.status.containerStatuses?.map(({ restartCount }) => restartCount).join();
      return all && counts === "1,1" && isReady(all) && all;
    });
    assert.equal(found.status.phase, "Running");
    assert.equal(found.status.initContainerStatuses?.[0]?.restartCount, 1);
    assert.deepEqual(
      found.status.containerStatuses?.map(({ lastState }) => lastState.terminated?.exitCode),
      [42, 137],
    );
    await node.api.deletePod("all", 1);
    await gone("all");
  });

  it("runs a static pod, which a mirror shows and nobody can delete", async () => {
    const { spec, ...manifest } = pod("static")
      .container("c", shell("sleep 1000"))
      .spec({ terminationGracePeriodSeconds: 0 })
      .build();
    // It is nobody's account.
    const { serviceAccountName: _, serviceAccount: __, ...own } = spec;
    const whole = { ...manifest, metadata: { name: "static" }, spec: own };
    writeFileSync(join(manifests, "static.yaml"), JSON.stringify(whole));
    const name = `static-${NODE}`;
    const first = await ready(name);
    await node.api.deletePod(name);
    const other = await until("another mirror", async () => {
      const found = await node.api.pod(name);
      return found && found.metadata.uid !== first.metadata.uid && isReady(found) && found;
    });
    assert.equal(
      other.status.containerStatuses?.[0]?.containerID,
      first.status.containerStatuses?.[0]?.containerID,
      "it went on",
    );
    rmSync(join(manifests, "static.yaml"));
    await gone(name);
  });

  it("probes: readiness by http, liveness by exec", async () => {
    await make("probed", {
      c: shell("echo ok > /www/x; touch /tmp/ok; httpd -p 8080 -h /www; sleep 1; rm /tmp/ok; sleep 100", {
        readinessProbe: { httpGet: { path: "/x", port: 8080 }, periodSeconds: 1 },
        livenessProbe: {
          exec: { command: ["cat", "/tmp/ok"] },
          periodSeconds: 1,
          failureThreshold: 1,
          initialDelaySeconds: 1,
        },
      }),
    });
    await ready("probed");
    await until(
      "a restart",
      async () => (await node.api.pod("probed"))?.status.containerStatuses?.[0]?.restartCount === 1,
    );
    const events = await until(
      "events",
      () => node.api.events("probed").some((text) => text.startsWith("Killing")) && node.api.events("probed"),
    );
    assert.ok(events.includes("Killing: Container c failed liveness probe, will be restarted"), events.join("\n"));
    assert.ok(
      events.some((text) => text.startsWith("Unhealthy: Liveness probe failed: cat: can't open '/tmp/ok'")),
      events.join("\n"),
    );
    await node.api.deletePod("probed", 1);
    await gone("probed");
  });

  it("says why a pod cannot start", async () => {
    await make("novolume", { c: shell("true") }, { volumes: [{ name: "v", configMap: { name: "none" } }] });
    await until("FailedMount", () =>
      node.api
        .events("novolume")
        .includes('FailedMount: MountVolume.SetUp failed for volume "v" : configmap "none" not found'),
    );
    await make("noimage", { c: { image: "example.com/none:1", imagePullPolicy: "Never" } });
    const waiting = await until("ErrImageNeverPull", async () => {
      const found = await node.api.pod("noimage");
      return found?.status.containerStatuses?.[0]?.state.waiting?.reason === "ErrImageNeverPull" && found;
    });
    assert.equal(
      waiting.status.containerStatuses?.[0]?.state.waiting?.message,
      'Container image "example.com/none:1" is not present with pull policy of Never',
    );
    await make(
      "noprogram",
      { c: { image: DEMO_IMAGE, imagePullPolicy: "IfNotPresent", command: ["/nothing/here"] } },
      { restartPolicy: "Never" },
    );
    const failed = await phase("noprogram", "Failed");
    assert.equal(failed.status.containerStatuses?.[0]?.state.terminated?.reason, "StartError");
    assert.equal(failed.status.containerStatuses?.[0]?.state.terminated?.exitCode, 128);
    for (const name of ["novolume", "noimage", "noprogram"]) {
      await node.api.deletePod(name);
      await gone(name);
    }
  });

  it("takes pods up again after its restart, without restarting them, and ends what is not wanted any more", async () => {
    await make("stays", { c: shell("sleep 1000") });
    await make("leaves", { c: shell("sleep 1000") });
    const before = await ready("stays");
    await ready("leaves");
    await node.restart();
    await node.api.deletePod("leaves", 0);
    await gone("leaves");
    const later = await ready("stays");
    assert.equal(later.status.containerStatuses?.[0]?.containerID, before.status.containerStatuses?.[0]?.containerID);
    assert.equal(later.status.containerStatuses?.[0]?.restartCount, 0);
    await node.api.deletePod("stays", 0);
    await gone("stays");
  });
});
