/** Plugins that run unless they are switched off, each in a server of its own: what it does, and what it keeps from happening. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  certificatesigningrequests,
  clusterrolebindings,
  clusterroles,
  clustertrustbundles,
  configmaps,
  ingressclasses,
  ingresses,
  jobs,
  namespaces,
  nodes,
  persistentvolumeclaims,
  persistentvolumes,
  podgroups,
  pods,
  priorityclasses,
  runtimeclasses,
  secrets,
  serviceaccounts,
  storageclasses,
  workloads,
} from "@kubets/api/generated/refs";
import { certificateToPem, createAuthority, createKey, createSigningRequest, validFor } from "@kubets/wire/x509";
import { startTestServer, type TestServerOptions } from "../../testing/server.ts";
import { admissionPlugins } from "./index.ts";

type Cluster = Awaited<ReturnType<typeof startTestServer>>;

function plugin(name: string, what: string, run: (cluster: Cluster) => Promise<void>, more: TestServerOptions = {}) {
  it(`${name} ${what}`, async () => {
    const cluster = await startTestServer(more);
    try {
      await run(cluster);
    } finally {
      await cluster.close();
    }
  });
}

const own = (name: string, more: object = {}) => ({ metadata: { name, namespace: "default", ...more } });
const marked = (name: string, mark: string) => ({ metadata: { name, annotations: { [mark]: "true" } } });
const pod = (name: string, spec: object = {}) => ({
  ...own(name),
  spec: { containers: [{ name: "c", image: "x" }], ...spec } as never,
});
const claim = (name: string, spec: object = {}, size = "1Gi") => ({
  ...own(name),
  spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: size } }, ...spec } as never,
});

it("are those of the original, in its order, with those that are asked for at their places", () => {
  const asked = [
    "AlwaysAdmit",
    "NamespaceAutoProvision",
    "NamespaceExists",
    "LimitPodHardAntiAffinityTopology",
    "NodeRestriction",
    "AlwaysPullImages",
    "ImagePolicyWebhook",
    "PodNodeSelector",
    "PodTolerationRestriction",
    "EventRateLimit",
    "ExtendedResourceToleration",
    "OwnerReferencesPermissionEnforcement",
    "DenyServiceExternalIPs",
    "AlwaysDeny",
  ];
  const all = [
    "AlwaysAdmit",
    "NamespaceAutoProvision",
    "NamespaceLifecycle",
    "NamespaceExists",
    "LimitPodHardAntiAffinityTopology",
    "LimitRanger",
    "ServiceAccount",
    "NodeRestriction",
    "TaintNodesByCondition",
    "AlwaysPullImages",
    "ImagePolicyWebhook",
    "PodSecurity",
    "PodNodeSelector",
    "Priority",
    "DefaultTolerationSeconds",
    "PodTolerationRestriction",
    "EventRateLimit",
    "ExtendedResourceToleration",
    "DefaultStorageClass",
    "StorageObjectInUseProtection",
    "PodGroupProtection",
    "OwnerReferencesPermissionEnforcement",
    "PersistentVolumeClaimResize",
    "RuntimeClass",
    "CertificateApproval",
    "CertificateSigning",
    "ClusterTrustBundleAttest",
    "CertificateSubjectRestriction",
    "DefaultIngressClass",
    "DenyServiceExternalIPs",
    "PodTopologyLabels",
    "PodGroupWorkloadExists",
    "NodeDeclaredFeatureValidator",
    "JobValidation",
    "PodResizeValidator",
    "MutatingAdmissionPolicy",
    "MutatingAdmissionWebhook",
    "ValidatingAdmissionPolicy",
    "ValidatingAdmissionWebhook",
    "ResourceQuota",
    "AlwaysDeny",
  ];
  const names = (enable: string[]) => admissionPlugins({ enable, disable: [] }).map(({ name }) => name);
  assert.deepEqual(names(asked.toReversed()), all);
  assert.deepEqual(
    names([]),
    all.filter((name) => !asked.includes(name)),
  );
});

describe("by default", () => {
  plugin("NamespaceLifecycle", "keeps objects out of namespaces that are not there or go", async ({ admin }) => {
    const into = (namespace: string) => admin.create(configmaps, { metadata: { name: "a", namespace } });
    await assert.rejects(into("nowhere"), /namespaces "nowhere" not found/);
    await admin.create(namespaces, { metadata: { name: "going" } });
    await into("going");
    await admin.delete(namespaces, { name: "going" });
    const refused = /unable to create new content in namespace going because it is being terminated/;
    await assert.rejects(admin.create(secrets, { metadata: { name: "b", namespace: "going" } }), refused);
    await assert.rejects(admin.delete(namespaces, { name: "default" }), /this namespace may not be deleted/);
  });

  plugin(
    "ServiceAccount",
    "gives pods an identity, and those of a strict account only its secrets",
    async ({ admin }) => {
      const mine = { imagePullSecrets: [{ name: "pull" }], secrets: [{ name: "known" }] };
      await assert.rejects(admin.create(pods, pod("early")), /serviceaccount "default" not found/);
      await admin.create(serviceaccounts, { ...own("default"), ...mine });
      const made = await admin.create(pods, pod("a"));
      assert.equal(made.spec.serviceAccountName, "default");
      assert.deepEqual(made.spec.imagePullSecrets, [{ name: "pull" }]);
      const [mount] = made.spec.containers[0]?.volumeMounts ?? [];
      assert.equal(mount?.mountPath, "/var/run/secrets/kubernetes.io/serviceaccount");
      const sources = made.spec.volumes?.find(({ name }) => name === mount?.name)?.projected?.sources ?? [];
      assert.ok(sources.some(({ serviceAccountToken }) => serviceAccountToken?.expirationSeconds === 3607));
      const without = await admin.create(pods, pod("b", { automountServiceAccountToken: false }));
      assert.equal(without.spec.volumes, undefined);

      const strict = { annotations: { "kubernetes.io/enforce-mountable-secrets": "true" } };
      await admin.create(serviceaccounts, { ...own("strict", strict), ...mine });
      const reads = (name: string, secretName: string) =>
        admin.create(
          pods,
          pod(name, { serviceAccountName: "strict", volumes: [{ name: "v", secret: { secretName } }] }),
        );
      await reads("c", "known");
      await assert.rejects(reads("d", "other"), /service account strict does not reference that secret/);
    },
    { disable: [] },
  );

  plugin("TaintNodesByCondition", "keeps pods off a node that has just come", async ({ admin }) => {
    const { spec } = await admin.create(nodes, { metadata: { name: "n" } });
    assert.deepEqual(spec.taints, [{ key: "node.kubernetes.io/not-ready", effect: "NoSchedule" }]);
  });

  plugin("Priority", "takes a pod's priority from its class, and from nobody else", async ({ admin }) => {
    const ofClass = (name: string) => admin.create(pods, pod(name, { priorityClassName: "high" }));
    await assert.rejects(ofClass("early"), /no PriorityClass with name high was found/);
    await admin.create(priorityclasses, { metadata: { name: "high" }, value: 1000, preemptionPolicy: "Never" });
    const { spec } = await ofClass("a");
    assert.deepEqual([spec.priority, spec.preemptionPolicy], [1000, "Never"]);
    await assert.rejects(
      admin.create(pods, pod("b", { priority: 7 })),
      /the integer value of priority \(7\) must not be provided in pod spec/,
    );
    assert.equal((await admin.create(pods, pod("c"))).spec.priority, 0);
    await admin.create(priorityclasses, { metadata: { name: "usual" }, value: 5, globalDefault: true });
    assert.equal((await admin.create(pods, pod("d"))).spec.priority, 5);
    await assert.rejects(
      admin.create(priorityclasses, { metadata: { name: "second" }, value: 6, globalDefault: true }),
      /PriorityClass usual is already marked as default/,
    );
    await assert.rejects(
      admin.delete(priorityclasses, { name: "system-node-critical" }),
      /this is a system priority class and cannot be deleted/,
    );
  });

  plugin("DefaultTolerationSeconds", "lets pods stay where they are for five minutes", async ({ admin }) => {
    const unreachable = { key: "node.kubernetes.io/unreachable", operator: "Exists", effect: "NoExecute" };
    const { spec } = await admin.create(pods, pod("a", { tolerations: [{ ...unreachable, tolerationSeconds: 1 }] }));
    assert.deepEqual(spec.tolerations, [
      { ...unreachable, tolerationSeconds: 1 },
      { ...unreachable, key: "node.kubernetes.io/not-ready", tolerationSeconds: 300 },
    ]);
  });

  plugin("DefaultStorageClass", "gives claims that name none the default class", async ({ admin }) => {
    assert.equal((await admin.create(persistentvolumeclaims, claim("early"))).spec.storageClassName, undefined);
    const mark = "storageclass.kubernetes.io/is-default-class";
    await admin.create(storageclasses, { ...marked("standard", mark), provisioner: "example.com/disk" });
    assert.equal((await admin.create(persistentvolumeclaims, claim("a"))).spec.storageClassName, "standard");
    const none = await admin.create(persistentvolumeclaims, claim("b", { storageClassName: "" }));
    assert.equal(none.spec.storageClassName, "");
  });

  plugin("StorageObjectInUseProtection", "holds claims and volumes while they are used", async ({ admin }) => {
    const made = await admin.create(persistentvolumeclaims, claim("a"));
    assert.deepEqual(made.metadata.finalizers, ["kubernetes.io/pvc-protection"]);
    const volume = await admin.create(persistentvolumes, {
      metadata: { name: "v" },
      spec: { capacity: { storage: "1Gi" }, accessModes: ["ReadWriteOnce"], hostPath: { path: "/v" } },
    });
    assert.deepEqual(volume.metadata.finalizers, ["kubernetes.io/pv-protection"]);
  });

  plugin("PersistentVolumeClaimResize", "lets claims grow only where their class can", async ({ admin }) => {
    for (const allowVolumeExpansion of [true, false]) {
      const name = allowVolumeExpansion ? "grows" : "stays";
      await admin.create(storageclasses, { metadata: { name }, provisioner: "example.com/disk", allowVolumeExpansion });
      await admin.create(persistentvolumeclaims, claim(name, { storageClassName: name, volumeName: "v" }));
      await admin.patch(
        persistentvolumeclaims,
        { namespace: "default", name },
        { type: "merge", body: { status: { phase: "Bound", capacity: { storage: "1Gi" } } } },
        { subresource: "status" },
      );
    }
    const grow = (name: string) =>
      admin.patch(
        persistentvolumeclaims,
        { namespace: "default", name },
        { type: "merge", body: { spec: { resources: { requests: { storage: "2Gi" } } } } },
      );
    await grow("grows");
    await assert.rejects(grow("stays"), /only dynamically provisioned pvc can be resized/);
  });

  plugin("RuntimeClass", "counts what a sandbox costs, and leads pods to nodes that have it", async ({ admin }) => {
    const sandboxed = (name: string, more: object = {}) =>
      admin.create(pods, pod(name, { runtimeClassName: "sandboxed", ...more }));
    await assert.rejects(sandboxed("early"), /pod rejected: RuntimeClass "sandboxed" not found/);
    await admin.create(runtimeclasses, {
      metadata: { name: "sandboxed" },
      handler: "box",
      overhead: { podFixed: { memory: "64Mi" } },
      scheduling: { nodeSelector: { box: "yes" }, tolerations: [{ key: "box", operator: "Exists" }] },
    });
    const { spec } = await sandboxed("a");
    assert.deepEqual([spec.overhead, spec.nodeSelector], [{ memory: "64Mi" }, { box: "yes" }]);
    assert.ok(spec.tolerations?.some(({ key }) => key === "box"));
    await assert.rejects(sandboxed("b", { nodeSelector: { box: "no" } }), /conflict: runtimeClass\.scheduling/);
    await assert.rejects(sandboxed("c", { overhead: { memory: "1Mi" } }), /Pod's Overhead doesn't match/);
    await assert.rejects(
      admin.create(pods, pod("d", { overhead: { memory: "1Mi" } })),
      /Pod Overhead set without corresponding RuntimeClass defined Overhead/,
    );
  });

  plugin("DefaultIngressClass", "gives ingresses that name none the default class", async ({ admin }) => {
    const ingress = (name: string) => ({
      ...own(name),
      spec: { defaultBackend: { service: { name: "s", port: { number: 80 } } } },
    });
    assert.equal((await admin.create(ingresses, ingress("early"))).spec?.ingressClassName, undefined);
    const mark = "ingressclass.kubernetes.io/is-default-class";
    await admin.create(ingressclasses, { ...marked("front", mark), spec: { controller: "example.com/front" } });
    assert.equal((await admin.create(ingresses, ingress("a"))).spec?.ingressClassName, "front");
  });

  plugin("PodTopologyLabels", "tells pods the zone that they are bound to", async ({ admin }) => {
    const labels = { "topology.kubernetes.io/zone": "z", "topology.kubernetes.io/region": "r", disk: "ssd" };
    await admin.create(nodes, { metadata: { name: "n", labels } });
    const { disk: _disk, ...told } = labels;
    assert.deepEqual((await admin.create(pods, pod("a", { nodeName: "n" }))).metadata.labels, told);
    await admin.create(pods, pod("b"));
    const binding = { ...own("b"), target: { apiVersion: "v1", kind: "Node", name: "n" } };
    await admin.raw("POST", "/api/v1/namespaces/default/pods/b/binding", binding);
    assert.deepEqual((await admin.get(pods, { namespace: "default", name: "b" })).metadata.labels, told);
  });
});

describe("who speaks for a signer", () => {
  const SIGNER = "example.com/server";
  const GROUP = "certificates.k8s.io";
  const request = (name: string, signerName: string, organization?: string) => {
    const pem = createSigningRequest(createKey(), {
      commonName: "jane",
      ...(organization && { organizations: [organization] }),
    });
    return {
      metadata: { name },
      spec: { request: Buffer.from(pem).toString("base64"), signerName, usages: ["client auth"] },
    };
  };

  /** Lets jane write all that there is of the group, and speak for a signer where verbs are named. */
  async function jane({ admin, user }: Cluster, ...verbs: string[]) {
    const name = ["jane", ...verbs].join("-");
    const speaks = { apiGroups: [GROUP], resources: ["signers"], resourceNames: ["example.com/*"], verbs };
    await admin.create(clusterroles, {
      metadata: { name },
      rules: [
        { apiGroups: [GROUP], resources: ["clustertrustbundles"], verbs: ["create"] },
        {
          apiGroups: [GROUP],
          resources: ["certificatesigningrequests/approval", "certificatesigningrequests/status"],
          verbs: ["update", "patch"],
        },
        ...(verbs.length ? [speaks] : []),
      ],
    });
    await admin.create(clusterrolebindings, {
      metadata: { name },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name },
      subjects: [{ apiGroup: "rbac.authorization.k8s.io", kind: "User", name: "jane" }],
    });
    return user("jane");
  }
  const rbac: TestServerOptions = { modes: ["RBAC"] };
  const approved = {
    status: { conditions: [{ type: "Approved", status: "True", reason: "Asked", message: "", lastUpdateTime: null }] },
  };

  plugin(
    "CertificateApproval",
    "needs the right to approve for the signer",
    async (cluster) => {
      await cluster.admin.create(certificatesigningrequests, request("a", SIGNER));
      const approve = async (client: Cluster["admin"]) =>
        client.patch(
          certificatesigningrequests,
          { name: "a" },
          { type: "merge", body: approved },
          { subresource: "approval" },
        );
      const refused = /user not permitted to approve requests with signerName "example\.com\/server"/;
      await assert.rejects(approve(await jane(cluster)), refused);
      await approve(await jane(cluster, "approve"));
    },
    rbac,
  );

  plugin(
    "CertificateSigning",
    "needs the right to sign for the signer",
    async (cluster) => {
      await cluster.admin.create(certificatesigningrequests, request("a", SIGNER));
      const fail = (client: Cluster["admin"]) => {
        const conditions = [{ ...approved.status.conditions[0], type: "Failed" }];
        const body = { status: { conditions } };
        return client.patch(
          certificatesigningrequests,
          { name: "a" },
          { type: "merge", body },
          { subresource: "status" },
        );
      };
      const refused = /user not permitted to sign requests with signerName "example\.com\/server"/;
      await assert.rejects(fail(await jane(cluster)), refused);
      await fail(await jane(cluster, "sign"));
    },
    rbac,
  );

  plugin("CertificateSubjectRestriction", "takes no request to become an administrator", async ({ admin }) => {
    const client = "kubernetes.io/kube-apiserver-client";
    await admin.create(certificatesigningrequests, request("a", client, "developers"));
    await assert.rejects(
      admin.create(certificatesigningrequests, request("b", client, "system:masters")),
      /use of kubernetes\.io\/kube-apiserver-client signer with system:masters group is not allowed/,
    );
  });

  plugin(
    "ClusterTrustBundleAttest",
    "needs the right to vouch for the signer's roots",
    async (cluster) => {
      const root = createAuthority({ commonName: "root", key: createKey(), ...validFor(Date.now(), 1) });
      const bundle = (client: Cluster["admin"]) =>
        client.create(clustertrustbundles, {
          metadata: { name: "example.com:server:roots" },
          spec: { signerName: SIGNER, trustBundle: certificateToPem(root.certificate) },
        });
      const refused = /user not permitted to attest for signerName "example\.com\/server"/;
      await assert.rejects(bundle(await jane(cluster)), refused);
      await bundle(await jane(cluster, "attest"));
    },
    { ...rbac, runtimeConfig: ["certificates.k8s.io/v1beta1"] },
  );

  const groups = { runtimeConfig: ["scheduling.k8s.io/v1alpha2"] };
  const gang = (name: string, more: object = {}, metadata: object = {}) =>
    ({
      metadata: { name, namespace: "default", ...metadata },
      spec: { schedulingPolicy: { gang: { minCount: 2 } }, ...more },
    }) as never;

  plugin(
    "Priority",
    "takes a group's priority from its class, and from nobody else",
    async ({ admin }) => {
      await admin.create(priorityclasses, { metadata: { name: "high" }, value: 1000 });
      const made = async (name: string, more: object) => (await admin.create(podgroups, gang(name, more))).spec;
      assert.equal((await made("a", { priorityClassName: "high" })).priority, 1000);
      assert.equal((await made("b", { priorityClassName: "high", priority: 1000 })).priority, 1000);
      assert.equal((await made("c", {})).priority, 0);
      await assert.rejects(made("d", { priorityClassName: "low" }), /no PriorityClass with name low was found/);
      await assert.rejects(
        made("e", { priority: 7 }),
        /the integer value of priority \(7\) must not be provided in pod group spec; .* computed 0 from/,
      );
      await admin.create(priorityclasses, { metadata: { name: "usual" }, value: 5, globalDefault: true });
      const { priorityClassName, priority } = await made("f", {});
      assert.deepEqual([priorityClassName, priority], ["usual", 5]);
    },
    groups,
  );

  plugin(
    "Priority",
    "leaves groups alone where their priority does not count",
    async ({ admin }) => {
      const { spec } = await admin.create(podgroups, gang("a", { priorityClassName: "none" }));
      assert.deepEqual([spec.priorityClassName, spec.priority], [undefined, undefined]);
    },
    { ...groups, off: ["WorkloadAwarePreemption"] },
  );

  plugin(
    "PodGroupWorkloadExists",
    "takes no group of a template that is not there",
    async ({ admin }) => {
      const by = (workloadName: string, podGroupTemplateName: string) =>
        admin.create(
          podgroups,
          gang("g", { podGroupTemplateRef: { workload: { workloadName, podGroupTemplateName } } }),
        );
      const podGroupTemplates = [{ name: "t", schedulingPolicy: { basic: {} } }];
      await admin.create(workloads, { ...own("w"), spec: { podGroupTemplates } } as never);
      await assert.rejects(by("x", "t"), /is forbidden: PodGroup rejected: Workload "x" not found/);
      await assert.rejects(by("w", "x"), /PodGroup rejected: PodGroupTemplate "x" not found in Workload "w"/);
      const made = await by("w", "t");
      assert.deepEqual(made.metadata.finalizers, ["scheduling.k8s.io/podgroup-protection"], "PodGroupProtection");
    },
    groups,
  );

  plugin(
    "JobValidation",
    "keeps the number of pods of a Job that is a gang",
    async ({ admin }) => {
      const template = (group: object) => ({
        spec: { restartPolicy: "Never", containers: [{ name: "c", image: "x" }], ...group },
      });
      const job = (name: string, group: object) =>
        admin.create(jobs, { ...own(name), spec: { parallelism: 2, template: template(group) } } as never);
      const scale = (name: string) =>
        admin.patch(jobs, { namespace: "default", name }, { type: "merge", body: { spec: { parallelism: 3 } } });
      const { apiVersion, kind, metadata } = await job("owner", {});
      const ownerReferences = [{ apiVersion, kind, name: "owner", uid: metadata.uid, controller: true }];
      await admin.create(podgroups, gang("of-owner", {}, { ownerReferences }));
      await job("named", { schedulingGroup: { podGroupName: "of-owner" } });
      await job("free", {});
      const refused = /cannot change parallelism for a Job referencing gang-scheduled PodGroup "of-owner"/;
      await assert.rejects(scale("owner"), refused);
      await assert.rejects(scale("named"), refused);
      assert.equal((await scale("free")).spec.parallelism, 3);
    },
    groups,
  );
});
