/** What the dashboard shows of a cluster and of its objects, in a real browser: the overview, and the summaries of kinds. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { eventually } from "../cluster.ts";
import { type OpenDashboard, openDashboard, whyNoDashboard } from "./dashboard.ts";

const IMAGE = "kubets.local/demo:1";
const SECRET = "correct horse battery staple";

const OBJECTS = [
  { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "settings" }, data: { color: "blue" } },
  { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "large" }, data: { text: "x".repeat(150_000) } },
  { apiVersion: "v1", kind: "Secret", metadata: { name: "login" }, stringData: { password: SECRET, user: "admin" } },
  {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "web" },
    spec: {
      replicas: 2,
      selector: { matchLabels: { app: "web" } },
      template: {
        metadata: { labels: { app: "web" } },
        spec: {
          containers: [
            {
              name: "web",
              image: IMAGE,
              ports: [{ name: "http", containerPort: 8080 }],
              resources: { requests: { cpu: "100m", memory: "32Mi" }, limits: { memory: "64Mi" } },
              volumeMounts: [{ name: "settings", mountPath: "/settings" }],
            },
          ],
          volumes: [{ name: "settings", configMap: { name: "settings" } }],
        },
      },
    },
  },
  {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "web" },
    spec: { type: "NodePort", selector: { app: "web" }, ports: [{ name: "http", port: 80, targetPort: "http" }] },
  },
  {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "broken" },
    spec: { containers: [{ name: "c", image: IMAGE, imagePullPolicy: "Never", command: ["/nothing"] }] },
  },
  {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "stuck" },
    spec: {
      selector: { matchLabels: { app: "stuck" } },
      template: {
        metadata: { labels: { app: "stuck" } },
        spec: {
          containers: [
            {
              name: "c",
              image: "kubets.local/none:1",
              imagePullPolicy: "Never",
              resources: { requests: { cpu: "50m" } },
            },
          ],
        },
      },
    },
  },
  {
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    metadata: { name: "disk" },
    spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Mi" } } },
  },
  {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: "widgets.example.com" },
    spec: {
      group: "example.com",
      scope: "Namespaced",
      names: { plural: "widgets", singular: "widget", kind: "Widget" },
      versions: [
        {
          name: "v1",
          served: true,
          storage: true,
          schema: {
            openAPIV3Schema: {
              type: "object",
              properties: { spec: { type: "object", "x-kubernetes-preserve-unknown-fields": true } },
            },
          },
        },
      ],
    },
  },
];

const WIDGET = {
  apiVersion: "example.com/v1",
  kind: "Widget",
  metadata: { name: "first" },
  spec: { size: 3, parts: [{ name: "wheel", weight: 7 }] },
};

describe("what the dashboard shows", { skip: whyNoDashboard() }, () => {
  let dashboard: OpenDashboard;
  const kubectl = (...args: string[]) => dashboard.cluster.kubectl(args);
  const apply = (...items: readonly object[]) =>
    dashboard.cluster.kubectl(["apply", "-f", "-"], {
      input: JSON.stringify({ apiVersion: "v1", kind: "List", items }),
    });

  before(async () => {
    dashboard = await openDashboard({ nodes: 1 });
    apply(...OBJECTS);
    kubectl("rollout", "status", "deployment/web", "--timeout=60s");
    kubectl("wait", "--for=condition=Established", "crd/widgets.example.com");
    apply(WIDGET);
  });
  after(() => dashboard?.close());

  it("shows the cluster at a glance, and what of it is in trouble, as it changes", async () => {
    const user = await dashboard.open();
    await user.sees("1 of 1 ready");
    await user.sees(/\b250m of \S+ requested/);
    await user.sees(/\b64Mi of \S+ requested/);
    await user.sees(/\w of \S+ used/);
    await user.sees("4 of 110 taken");
    await user.sees(/Pods in trouble: 2.*default\s+broken.*\/nothing.*default\s+stuck-.*Image/s);
    await user.sees(/Workloads.*Deployment\s+default\s+stuck\s+0\/1/s);
    await user.sees(/Claims without a volume.*disk\s+Pending/s);
    await user.sees(/Last warnings.*Pod default\/broken/s);

    kubectl("set", "image", "deployment/stuck", `c=${IMAGE}`);
    kubectl("delete", "pvc/disk");
    await user.sees("Pods in trouble: 1");
    await user.sees("All that can be seen are complete.");
    await user.seesNoMore("Claims without a volume");
    kubectl("cordon", "node-1");
    await user.sees("takes no new pods");
    kubectl("uncordon", "node-1");
    await user.clicks("broken");
    await user.sees("Pod broken");
  });

  it("shows a pod, with its containers and volumes", async () => {
    const user = await dashboard.open();
    const [name] = kubectl("get", "pods", "-l=app=web", "-o=name").trim().split("\n");
    await user.goes(`#/pods.v1/default/${name?.slice("pod/".length)}`);
    for (const text of [/Status\s+Running/, /Node\s+node-1/, /Quality of service\s+Burstable/, /Ready\s+yes/])
      await user.sees(text);
    await user.sees(/State\s+Running for/);
    await user.sees(/Requests\s+cpu 100m, memory 32Mi/);
    await user.sees(/Ports\s+http 8080\/TCP/);
    await user.clicks("settings");
    await user.sees("ConfigMap settings");
    await user.sees("blue");
    // The server packs what is that large.
    await user.goes("#/configmaps.v1/default/large");
    await user.sees("146Ki letters");
    await user.goes("#/pods.v1/default/broken");
    await user.sees(/Last time\s+StartError \(exit code 128\)/);
  });

  it("shows a deployment with its revisions and pods, and a service with its endpoints", async () => {
    const user = await dashboard.open("#/deployments.v1.apps/default/web");
    await user.sees("2 wanted, 2 current, 2 up to date, 2 ready, 2 available");
    await user.sees(/Revisions.*1\s+web-\S+\s+2\/2/s);
    await user.sees(/Pods 2\b/);
    kubectl("set", "env", "deployment/web", "CHANGED=yes");
    await user.sees(/Revisions.*2\s+web-\S+\s+2\/2.*1\s+web-\S+\s+0\/0/s);
    await user.goes("#/services.v1/default/web");
    await user.sees(/Type\s+NodePort/);
    await user.sees(/http\s+80\/TCP\s+http\s+3\d{4}/);
    await user.sees(/10\.\S+\s+http 8080\/TCP\s+ready\s+Pod web-\S+\s+node-1/);
    await user.clicks("app=web");
    await user.sees(/web-\S+\s+1\/1/);
  });

  it("shows a node with what is taken of it", async () => {
    const user = await dashboard.open("#/nodes.v1/-/node-1");
    await user.sees(/\b250m of \S+ requested/);
    await user.sees(/\w of \S+ used/);
    await user.sees(/Kubelet\s+v1\.36/);
    await user.sees(/Pods 4\b.*default\s+broken/s);
    await user.clicks("Names and sizes");
    await user.sees(IMAGE);
  });

  it("shows what is used as lines that go on, in words too", async () => {
    const [pod] = kubectl("get", "pods", "-l=app=web", "-o=name").trim().split("\n");
    const pages = [
      [`pods.v1/default/${pod?.slice("pod/".length)}`, "100m requested", "32Mi requested, 64Mi at most"],
      ["deployments.v1.apps/default/web", "200m requested", "64Mi requested, 128Mi at most"],
      ["nodes.v1/-/node-1", "250m requested, \\S+ for pods", "64Mi requested, \\S+ for pods"],
    ] as const;
    const linesGoOn = async ([address, cpu, memory]: (typeof pages)[number]) => {
      const user = await dashboard.open(`#/${address}`);
      await user.sees(new RegExp(`CPU: \\S+ used ${cpu}$`, "m"));
      await user.sees(new RegExp(`Memory: [\\d.]+[KMG]i used ${memory}$`, "m"));
      const lines = async () =>
        (await user.page.evaluate(
          "[...document.querySelectorAll('.usage svg')].map((svg) => [svg.role, svg.ariaLabel, svg.lastChild.getAttribute('d')])",
        )) as [role: string, label: string, path: string][];
      await eventually("two lines of several points", async () =>
        (await lines()).every(([, , path]) => /^M0 \S+L\S+ \S+/.test(path)),
      );
      for (const [role, label] of await lines()) {
        assert.equal(role, "img");
        assert.match(label, /^(CPU|Memory) used since this summary was opened: \S+ now, at least \S+, at most \S+$/);
      }
    };
    await Promise.all(pages.map(linesGoOn));
  });

  it("shows no value of a Secret before it is asked for", async () => {
    const user = await dashboard.open("#/secrets.v1/default/login");
    await user.sees(`Hidden: ${SECRET.length} letters`);
    const page = String(await user.page.evaluate("document.documentElement.outerHTML"));
    assert.ok(!page.includes(SECRET) && !page.includes(btoa(SECRET)));
    await user.clicks("Show password");
    await user.sees(SECRET);
    await user.sees("Hidden: 5 letters");
    await user.clicks("Hide password");
    await user.seesNoMore(SECRET);
  });

  it("shows the fields of custom kinds, and leads from their definition to them", async () => {
    const user = await dashboard.open("#/customresourcedefinitions.v1.apiextensions.k8s.io/-/widgets.example.com");
    await user.sees(/v1\s+served, stored/);
    await user.clicks("Widget");
    await user.clicks("first");
    await user.sees(/Spec.*name\s+wheel.*weight\s+7.*size\s+3/s);
  });
});
