/** What the pages of kinds show that nothing has to run for: each object is made, and its page read. */
import { after, before, describe, it } from "node:test";
import { whyNoBrowser } from "../browser.ts";
import { type OpenDashboard, openDashboard, type User } from "./dashboard.ts";

const template = {
  metadata: { labels: { app: "web" } },
  spec: { restartPolicy: "Never", containers: [{ name: "c", image: "demo:1" }] },
};
const rule = { apiGroups: ["", "apps"], resources: ["pods", "deployments"], resourceNames: ["web"], verbs: ["get"] };
const rbac = "rbac.authorization.k8s.io";
const subjects = [
  { kind: "User", name: "jane", apiGroup: rbac },
  { kind: "ServiceAccount", name: "robot", namespace: "default" },
];

interface Summary {
  readonly what: string;
  readonly objects: readonly object[];
  readonly address: string;
  readonly shows: readonly RegExp[];
}

const SUMMARIES: readonly Summary[] = [
  {
    what: "which requests an Ingress takes, and who gets them",
    objects: [
      {
        apiVersion: "networking.k8s.io/v1",
        kind: "Ingress",
        metadata: { name: "shop" },
        spec: {
          ingressClassName: "outside",
          defaultBackend: { service: { name: "rest", port: { name: "http" } } },
          tls: [{ hosts: ["shop.example.com"], secretName: "shop-tls" }],
          rules: [
            {
              host: "shop.example.com",
              http: {
                paths: [
                  { path: "/cart", pathType: "Prefix", backend: { service: { name: "cart", port: { number: 80 } } } },
                ],
              },
            },
          ],
        },
      },
    ],
    address: "ingresses.v1.networking.k8s.io/default/shop",
    shows: [
      /Class\s+outside/,
      /All else goes to\s+rest, port http/,
      /TLS\s+shop\.example\.com: shop-tls/,
      /shop\.example\.com\s+\/cart\s+Prefix\s+cart, port 80/,
    ],
  },
  {
    what: "what a HorizontalPodAutoscaler looks at",
    objects: [
      {
        apiVersion: "autoscaling/v2",
        kind: "HorizontalPodAutoscaler",
        metadata: { name: "web" },
        spec: {
          scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "web" },
          minReplicas: 2,
          maxReplicas: 7,
          metrics: [
            { type: "Resource", resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 60 } } },
            { type: "Pods", pods: { metric: { name: "hits" }, target: { type: "AverageValue", averageValue: "5" } } },
          ],
        },
      },
    ],
    address: "horizontalpodautoscalers.v2.autoscaling/default/web",
    shows: [
      /Scales\s+Deployment web/,
      /Pods\s+\d now, \d wanted/,
      /Range\s+2 to 7/,
      /cpu\s+unknown\s+60 %/,
      /hits of pods\s+unknown\s+5 each/,
    ],
  },
  {
    what: "what a Role allows",
    objects: [{ apiVersion: `${rbac}/v1`, kind: "Role", metadata: { name: "reader" }, rules: [rule] }],
    address: `roles.v1.${rbac}/default/reader`,
    shows: [/pods, deployments\s+core, apps\s+web\s+get/],
  },
  {
    what: "what a ClusterRole allows, and what it is put together of",
    objects: [
      {
        apiVersion: `${rbac}/v1`,
        kind: "ClusterRole",
        metadata: { name: "e2e-part", labels: { part: "yes" } },
        rules: [{ nonResourceURLs: ["/metrics"], verbs: ["get"] }],
      },
      {
        apiVersion: `${rbac}/v1`,
        kind: "ClusterRole",
        metadata: { name: "e2e-whole" },
        aggregationRule: { clusterRoleSelectors: [{ matchLabels: { part: "yes" } }] },
      },
    ],
    address: `clusterroles.v1.${rbac}/-/e2e-whole`,
    shows: [/Together, what ClusterRoles with part=yes allow\./, /\/metrics\s+get/],
  },
  {
    what: "who has a role in a namespace",
    objects: [
      {
        apiVersion: `${rbac}/v1`,
        kind: "RoleBinding",
        metadata: { name: "readers" },
        roleRef: { apiGroup: rbac, kind: "Role", name: "reader" },
        subjects,
      },
    ],
    address: `rolebindings.v1.${rbac}/default/readers`,
    shows: [/Role\s+Role reader/, /User\s+jane/, /ServiceAccount\s+robot\s+default/],
  },
  {
    what: "that nobody has a role of the cluster",
    objects: [
      {
        apiVersion: `${rbac}/v1`,
        kind: "ClusterRoleBinding",
        metadata: { name: "e2e-nobody" },
        roleRef: { apiGroup: rbac, kind: "ClusterRole", name: "e2e-whole" },
      },
    ],
    address: `clusterrolebindings.v1.${rbac}/-/e2e-nobody`,
    shows: [/Role\s+ClusterRole e2e-whole/, /Nobody has it\./],
  },
  {
    what: "how a StorageClass makes volumes",
    objects: [
      {
        apiVersion: "storage.k8s.io/v1",
        kind: "StorageClass",
        metadata: { name: "slow" },
        provisioner: "example.com/tapes",
        reclaimPolicy: "Retain",
        volumeBindingMode: "Immediate",
        allowVolumeExpansion: true,
        mountOptions: ["noatime"],
        parameters: { reels: "two" },
      },
    ],
    address: "storageclasses.v1.storage.k8s.io/-/slow",
    shows: [
      /Made by\s+example\.com\/tapes/,
      /Once it is released\s+Retain/,
      /Bound\s+Immediate/,
      /Can grow\s+yes/,
      /Mount options\s+noatime/,
      /reels\s+two/,
    ],
  },
  {
    what: "how large a PersistentVolume is, whose, and where it lies",
    objects: [
      {
        apiVersion: "v1",
        kind: "PersistentVolume",
        metadata: { name: "e2e-tape" },
        spec: {
          storageClassName: "slow",
          capacity: { storage: "2Gi" },
          accessModes: ["ReadWriteOnce"],
          persistentVolumeReclaimPolicy: "Retain",
          hostPath: { path: "/tapes/1" },
        },
      },
      {
        apiVersion: "v1",
        kind: "PersistentVolumeClaim",
        metadata: { name: "tape" },
        spec: {
          storageClassName: "slow",
          volumeName: "e2e-tape",
          accessModes: ["ReadWriteOnce"],
          resources: { requests: { storage: "1Gi" } },
        },
      },
    ],
    address: "persistentvolumes.v1/-/e2e-tape",
    shows: [
      /Phase\s+Bound/,
      /Claim\s+default\/tape/,
      /Class\s+slow/,
      /Capacity\s+2Gi/,
      /Access\s+ReadWriteOnce/,
      /Source.*\/tapes\/1/s,
    ],
  },
  {
    what: "which volume a PersistentVolumeClaim got",
    objects: [],
    address: "persistentvolumeclaims.v1/default/tape",
    shows: [/Phase\s+Bound/, /Volume\s+e2e-tape/, /Class\s+slow/, /Asked for\s+1Gi/, /Capacity\s+2Gi/],
  },
  {
    what: "what a NetworkPolicy lets through",
    objects: [
      {
        apiVersion: "networking.k8s.io/v1",
        kind: "NetworkPolicy",
        metadata: { name: "guard" },
        spec: {
          podSelector: { matchLabels: { app: "web" } },
          policyTypes: ["Ingress", "Egress"],
          ingress: [
            { from: [{ podSelector: { matchLabels: { app: "front" } } }], ports: [{ protocol: "TCP", port: 8080 }] },
          ],
          egress: [],
        },
      },
    ],
    address: "networkpolicies.v1.networking.k8s.io/default/guard",
    shows: [
      /Holds for\s+pods with app=web/,
      /Lets in\s+from pods with app=front of this namespace, port 8080\/TCP/,
      /Lets out\s+nothing/,
    ],
  },
  {
    what: "when a CronJob makes jobs",
    objects: [
      {
        apiVersion: "batch/v1",
        kind: "CronJob",
        metadata: { name: "nightly" },
        spec: {
          schedule: "15 3 * * *",
          timeZone: "Europe/Berlin",
          concurrencyPolicy: "Forbid",
          successfulJobsHistoryLimit: 5,
          jobTemplate: { spec: { template } },
        },
      },
    ],
    address: "cronjobs.v1.batch/default/nightly",
    shows: [
      /Schedule\s+15 3 \* \* \* in Europe\/Berlin/,
      /Next\s+\d{4}-\d\d-\d\dT0[12]:15:00\.000Z \(in \w+\)/,
      /While one runs\s+Forbid/,
      /Is kept\s+5 that succeeded, 1 that failed/,
      /c\s+demo:1/,
      /Jobs 0\s+None\./,
    ],
  },
];

describe("the summaries of kinds", { skip: whyNoBrowser() ?? false }, () => {
  let dashboard: OpenDashboard;
  let user: User;
  before(async () => {
    dashboard = await openDashboard({ nodes: 1, flags: ["--simulated"] });
    user = await dashboard.open();
  });
  after(() => dashboard?.close());

  for (const { what, objects, address, shows } of SUMMARIES)
    it(`show ${what}`, async () => {
      const list = { apiVersion: "v1", kind: "List", items: objects };
      if (objects.length > 0) dashboard.cluster.kubectl(["apply", "-f", "-"], { input: JSON.stringify(list) });
      await user.goes(`#/${address}`);
      for (const text of shows) await user.sees(text, 15_000);
    });
});
