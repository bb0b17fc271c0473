import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { events, namespaces, pods } from "@kubets/api/generated/refs";
import { startTestServer, type TestServerOptions } from "../../testing/server.ts";
import { loadAdmissionConfiguration } from "../configuration.ts";
import type { AdmissionPlugin } from "../plugin.ts";
import { imagePolicyPlugin } from "./image-policy-webhook.ts";
import { admissionPlugins } from "./index.ts";

type Cluster = Awaited<ReturnType<typeof startTestServer>>;

async function withConfiguration(
  plugins: Readonly<Record<string, object>>,
  run: (cluster: Cluster) => Promise<void>,
  more: TestServerOptions = {},
) {
  const folder = mkdtempSync(join(tmpdir(), "kubets-admission-"));
  try {
    const path = join(folder, "admission.yaml");
    // One stands in the file, the others beside it.
    const entries = Object.entries(plugins).map(([name, configuration], i) => {
      if (i % 2 === 0) return { name, configuration };
      writeFileSync(join(folder, `${name}.yaml`), JSON.stringify(configuration));
      return { name, path: `${name}.yaml` };
    });
    const text = { apiVersion: "apiserver.config.k8s.io/v1", kind: "AdmissionConfiguration", plugins: entries };
    writeFileSync(path, JSON.stringify(text));
    const configurations = loadAdmissionConfiguration(path);
    const cluster = await startTestServer({ ...more, configurations });
    try {
      await run(cluster);
    } finally {
      await cluster.close();
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const pod = (name: string, spec: object = {}, namespace = "default") => ({
  metadata: { name, namespace },
  spec: { containers: [{ name: "c", image: "x" }], ...spec } as never,
});

describe("EventRateLimit", () => {
  const event = (name: string, about = "p") => ({
    metadata: { name, namespace: "default" },
    involvedObject: { kind: "Pod", name: about, namespace: "default" },
    source: { component: "test" },
  });
  const limits = (...list: object[]) => ({
    EventRateLimit: { apiVersion: "eventratelimit.admission.k8s.io/v1alpha1", kind: "Configuration", limits: list },
  });
  const enable = { enable: ["EventRateLimit"] };

  it("turns events away beyond a burst, and takes them again after a while", () =>
    withConfiguration(
      limits({ type: "Server", qps: 1, burst: 2 }),
      async ({ admin, clock }) => {
        await admin.create(events, event("a") as never);
        await admin.create(events, event("b") as never);
        await assert.rejects(admin.create(events, event("c") as never), {
          code: 429,
          message: "limit reached on type Server for key ",
        });
        await clock.advance(1000);
        await admin.create(events, event("c") as never);
      },
      enable,
    ));

  it("counts users, and sources with their objects, apart", () =>
    withConfiguration(
      limits({ type: "User", qps: 1, burst: 3 }, { type: "SourceAndObject", qps: 1, burst: 1 }),
      async ({ admin, user }) => {
        await admin.create(events, event("a", "one") as never);
        await assert.rejects(admin.create(events, event("b", "one") as never), /SourceAndObject/);
        await admin.create(events, event("b", "two") as never);
        await assert.rejects(admin.create(events, event("c", "three") as never), /type User for key admin/);
        await user("jane").create(events, event("c", "four") as never);
      },
      enable,
    ));
});

describe("PodTolerationRestriction", () => {
  const tolerate = (key: string) => ({ key, operator: "Exists", effect: "NoSchedule" });
  const enable = { enable: ["PodTolerationRestriction"] };

  it("gives the pods of a namespace its tolerations, and takes no others than it allows", () =>
    withConfiguration(
      {},
      async ({ admin }) => {
        await admin.create(namespaces, {
          metadata: {
            name: "team",
            annotations: {
              "scheduler.alpha.kubernetes.io/defaultTolerations": JSON.stringify([tolerate("team")]),
              "scheduler.alpha.kubernetes.io/tolerationsWhitelist": JSON.stringify([
                tolerate("team"),
                { operator: "Exists", effect: "NoExecute" },
              ]),
            },
          },
        });
        const made = await admin.create(pods, pod("a", {}, "team"));
        assert.ok(made.spec.tolerations?.some(({ key }) => key === "team"));
        await assert.rejects(admin.create(pods, pod("b", { tolerations: [tolerate("gpu")] }, "team")), {
          code: 403,
          message: /conflict with its namespace whitelist/,
        });
        await admin.create(pods, pod("b", { tolerations: [tolerate("gpu")] }));
      },
      enable,
    ));

  it("goes by the cluster's where the namespace says nothing", () =>
    withConfiguration(
      {
        PodTolerationRestriction: {
          apiVersion: "podtolerationrestriction.admission.k8s.io/v1alpha1",
          kind: "Configuration",
          default: [tolerate("cluster")],
          whitelist: [tolerate("cluster"), { operator: "Exists", effect: "NoExecute" }],
        },
      },
      async ({ admin }) => {
        const made = await admin.create(
          pods,
          pod("a", { containers: [{ name: "c", image: "x", resources: { requests: { cpu: "1" } } }] }),
        );
        const keys = made.spec.tolerations?.map(({ key }) => key) ?? [];
        assert.ok(keys.includes("cluster") && keys.includes("node.kubernetes.io/memory-pressure"));
        await assert.rejects(admin.create(pods, pod("b", { tolerations: [tolerate("gpu")] })), /whitelist/);
      },
      enable,
    ));
});

describe("PodSecurity, configured", () => {
  const configuration = {
    PodSecurity: {
      apiVersion: "pod-security.admission.config.k8s.io/v1",
      kind: "PodSecurityConfiguration",
      defaults: { enforce: "baseline", "enforce-version": "latest" },
      exemptions: { usernames: ["builder"], namespaces: ["kube-system"], runtimeClasses: [] },
    },
  };
  const privileged = (name: string, namespace = "default") =>
    pod(name, { containers: [{ name: "c", image: "x", securityContext: { privileged: true } }] }, namespace);

  it("demands of namespaces without labels what is the default, and leaves alone who is exempt", () =>
    withConfiguration(configuration, async ({ admin, user }) => {
      await assert.rejects(admin.create(pods, privileged("a")), /violates PodSecurity "baseline:latest": privileged/);
      await user("builder").create(pods, privileged("a"));
      await admin.create(pods, privileged("a", "kube-system"));
      await admin.create(namespaces, {
        metadata: { name: "free", labels: { "pod-security.kubernetes.io/enforce": "privileged" } },
      });
      await admin.create(pods, privileged("a", "free"));
    }));

  it("is refused when its defaults are none", () =>
    assert.rejects(
      withConfiguration(
        { PodSecurity: { ...configuration.PodSecurity, defaults: { enforce: "strict" } } },
        async () => {},
      ),
      /defaults: .*must be one of privileged, baseline, restricted/,
    ));
});

describe("ImagePolicyWebhook", () => {
  function policy(answer: (images: string[]) => object, defaultAllow = false) {
    let asked = 0;
    const webhook = {
      async post(body: object) {
        asked++;
        const { spec } = body as { spec: { containers: { image: string }[] } };
        return { status: answer(spec.containers.map(({ image }) => image)) } as never;
      },
    };
    const plugin: AdmissionPlugin = imagePolicyPlugin({
      open: async () => webhook,
      allowMs: 1000,
      denyMs: 1000,
      defaultAllow,
    });
    return { plugin, asked: () => asked };
  }
  const withPolicy = (plugin: AdmissionPlugin, run: (cluster: Cluster) => Promise<void>) =>
    withConfiguration({}, run, { own: [plugin] });
  const image = (name: string, of: string) => pod(name, { containers: [{ name: "c", image: of }] });

  it("lets in what the server outside allows, and remembers what it said", async () => {
    const { plugin, asked } = policy((images) => ({ allowed: !images.includes("evil"), reason: "not signed" }));
    await withPolicy(plugin, async ({ admin, clock }) => {
      await admin.create(pods, image("a", "good"));
      await admin.create(pods, image("b", "good"));
      assert.equal(asked(), 1);
      await assert.rejects(admin.create(pods, image("c", "evil")), {
        code: 403,
        message: /image policy webhook backend denied one or more images: not signed/,
      });
      await clock.advance(1000);
      await admin.create(pods, image("c", "good"));
      assert.equal(asked(), 3);
    });
  });

  it("refuses when the server cannot be asked, unless it is told not to", async () => {
    const away = () => {
      throw new Error("no route");
    };
    await withPolicy(policy(away).plugin, async ({ admin }) => {
      await assert.rejects(admin.create(pods, image("a", "x")), /no route/);
    });
    await withPolicy(policy(away, true).plugin, async ({ admin }) => {
      await admin.create(pods, image("a", "x"));
    });
  });

  it("that is on and not configured lets nothing in", () =>
    withConfiguration(
      {},
      async ({ admin }) => {
        await assert.rejects(admin.create(pods, pod("a")), /does not configure it/);
      },
      { enable: ["ImagePolicyWebhook"] },
    ));
});

it("a configuration for a plugin that there is not is told at start", () => {
  const configurations = new Map([["PodSecurty", { text: "{}", from: "x" }]]);
  assert.throws(
    () => admissionPlugins({ enable: [], disable: [], configurations }),
    /there is no admission plugin "PodSecurty"/,
  );
});
