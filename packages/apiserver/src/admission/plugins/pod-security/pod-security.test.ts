import assert from "node:assert/strict";
import { test } from "node:test";
import { namespaces, pods } from "@kubets/api/generated/refs";
import type { Container, PodSpec } from "@kubets/api/generated/types/core-v1";
import { VirtualClock } from "@kubets/machinery";
import { MemoryStorage } from "@kubets/storage";
import { startTestServer } from "../../../testing/server.ts";
import { told } from "../../../testing/told.ts";
import { podUnderCheck } from "./check.ts";
import { checks, evaluatePod } from "./evaluate.ts";
import { type Level, policyOf } from "./policy.ts";

const SAFE = { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } };
const SAFE_POD = { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } };

const container = (more: object = {}, security: object = {}): Container =>
  ({ name: "c", image: "x", ...more, securityContext: { ...SAFE, ...security } }) as unknown as Container;

const pod = (more: object = {}, security: object = {}, containers = [container()]): PodSpec =>
  ({ containers, securityContext: { ...SAFE_POD, ...security }, ...more }) as unknown as PodSpec;

const violations = (spec: PodSpec, level: Level, minor = Number.POSITIVE_INFINITY, annotations = {}) =>
  evaluatePod(podUnderCheck(spec, annotations), { level, minor, version: "latest" });

/** For each check a pod that goes as far as it lets pods go. */
const ACCEPTED: Readonly<Record<string, PodSpec>> = {
  appArmorProfile: pod({}, { appArmorProfile: { type: "Localhost", localhostProfile: "mine" } }),
  capabilities_baseline: pod({}, {}, [container({}, { capabilities: { add: ["CHOWN", "NET_BIND_SERVICE"] } })]),
  hostNamespaces: pod({ hostNetwork: false, hostPID: false, hostIPC: false, shareProcessNamespace: true }),
  hostPathVolumes: pod({ volumes: [{ name: "n", nfs: { server: "s", path: "/" } }] }),
  hostPorts: pod({}, {}, [container({ ports: [{ containerPort: 80, hostPort: 0 }] })]),
  hostProbesAndHostLifecycle: pod({}, {}, [
    container({
      livenessProbe: { httpGet: { port: 1 } },
      readinessProbe: { tcpSocket: { port: 1 } },
      lifecycle: { preStop: { httpGet: { port: 1 } } },
    }),
  ]),
  privileged: pod({}, {}, [container({}, { privileged: false })]),
  procMount: pod({}, {}, [container({}, { procMount: "Default" })]),
  seLinuxOptions: pod({}, { seLinuxOptions: { type: "container_t", level: "s0:c1,c2" } }),
  seccompProfile_baseline: pod({}, { seccompProfile: undefined }),
  sysctls: pod({}, { sysctls: [{ name: "net.ipv4.ip_unprivileged_port_start", value: "0" }] }),
  windowsHostProcess: pod({}, { windowsOptions: { hostProcess: false, runAsUserName: "u" } }),
  allowPrivilegeEscalation: pod({ initContainers: [container({ name: "i" })] }),
  capabilities_restricted: pod({}, {}, [container({}, { capabilities: { drop: ["ALL"], add: ["NET_BIND_SERVICE"] } })]),
  restrictedVolumes: pod({
    volumes: [
      { name: "a", configMap: { name: "c" } },
      { name: "b", csi: { driver: "d" } },
      { name: "c", downwardAPI: {} },
      { name: "d", emptyDir: {} },
      { name: "e", ephemeral: {} },
      { name: "f", persistentVolumeClaim: { claimName: "p" } },
      { name: "g", projected: {} },
      { name: "h", secret: { secretName: "s" } },
    ],
  }),
  runAsNonRoot: pod({}, { runAsNonRoot: undefined }, [container({}, { runAsNonRoot: true })]),
  runAsUser: pod({}, { runAsUser: 1000 }, [container({}, { runAsUser: 1 })]),
  seccompProfile_restricted: pod({}, { seccompProfile: undefined }, [
    container({}, { seccompProfile: { type: "Localhost", localhostProfile: "mine" } }),
  ]),
};

/** For each check a pod that it refuses, and what it says. */
const REFUSED: Readonly<Record<string, readonly [spec: PodSpec, reason: string, detail: string]>> = {
  appArmorProfile: [
    pod({}, { appArmorProfile: { type: "Unconfined" } }),
    "forbidden AppArmor profile",
    'pod must not set AppArmor profile type to "Unconfined"',
  ],
  capabilities_baseline: [
    pod({}, {}, [container({}, { capabilities: { add: ["SYS_ADMIN", "NET_RAW"] } })]),
    "non-default capabilities",
    'container "c" must not include "NET_RAW", "SYS_ADMIN" in securityContext.capabilities.add',
  ],
  hostNamespaces: [pod({ hostNetwork: true, hostIPC: true }), "host namespaces", "hostNetwork=true, hostIPC=true"],
  hostPathVolumes: [pod({ volumes: [{ name: "h", hostPath: { path: "/" } }] }), "hostPath volumes", 'volume "h"'],
  hostPorts: [
    pod({}, {}, [container({ ports: [{ containerPort: 1, hostPort: 80 }] })]),
    "hostPort",
    'container "c" uses hostPort 80',
  ],
  hostProbesAndHostLifecycle: [
    pod({}, {}, [container({ livenessProbe: { httpGet: { port: 1, host: "h" } } })]),
    "probe or lifecycle host",
    'container "c" uses probe or lifecycle host "h"',
  ],
  privileged: [
    pod({}, {}, [container({}, { privileged: true })]),
    "privileged",
    'container "c" must not set securityContext.privileged=true',
  ],
  procMount: [
    pod({}, {}, [container({}, { procMount: "Unmasked" })]),
    "procMount",
    'container "c" must not set securityContext.procMount to "Unmasked"',
  ],
  seLinuxOptions: [
    pod({}, { seLinuxOptions: { type: "spc_t", user: "u" } }),
    "seLinuxOptions",
    'pod set forbidden securityContext.seLinuxOptions: type "spc_t"; user may not be set',
  ],
  seccompProfile_baseline: [
    pod({}, { seccompProfile: { type: "Unconfined" } }),
    "seccompProfile",
    'pod must not set securityContext.seccompProfile.type to "Unconfined"',
  ],
  sysctls: [pod({}, { sysctls: [{ name: "kernel.msgmax", value: "1" }] }), "forbidden sysctls", "kernel.msgmax"],
  windowsHostProcess: [
    pod({}, { windowsOptions: { hostProcess: true } }),
    "hostProcess",
    "pod must not set securityContext.windowsOptions.hostProcess=true",
  ],
  allowPrivilegeEscalation: [
    pod({}, {}, [container({}, { allowPrivilegeEscalation: undefined })]),
    "allowPrivilegeEscalation != false",
    'container "c" must set securityContext.allowPrivilegeEscalation=false',
  ],
  capabilities_restricted: [
    pod({}, {}, [container({}, { capabilities: { add: ["CHOWN"] } })]),
    "unrestricted capabilities",
    'container "c" must set securityContext.capabilities.drop=["ALL"]; container "c" must not include "CHOWN" in securityContext.capabilities.add',
  ],
  restrictedVolumes: [
    pod({ volumes: [{ name: "n", nfs: { server: "s", path: "/" } }] }),
    "restricted volume types",
    'volume "n" uses restricted volume type "nfs"',
  ],
  runAsNonRoot: [
    pod({}, { runAsNonRoot: undefined }),
    "runAsNonRoot != true",
    'pod or container "c" must set securityContext.runAsNonRoot=true',
  ],
  runAsUser: [pod({}, { runAsUser: 0 }), "runAsUser=0", "pod must not set runAsUser=0"],
  seccompProfile_restricted: [
    pod({}, { seccompProfile: undefined }),
    "seccompProfile",
    'pod or container "c" must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"',
  ],
};

test("the safe pod passes at every level", () => {
  for (const level of ["privileged", "baseline", "restricted"] as const) assert.deepEqual(violations(pod(), level), []);
});

for (const { id, level } of checks)
  test(`${id} lets in what it allows, at ${level} and below`, () => {
    const spec = ACCEPTED[id] ?? assert.fail(`no pod for ${id}`);
    for (const each of ["privileged", "baseline", ...(level === "restricted" ? [level] : [])] as const)
      assert.deepEqual(violations(spec, each), [], each);
    assert.notDeepEqual(spec, pod(), "the pod shows something");
  });

for (const { id, level, since } of checks)
  test(`${id} refuses what it is for, at ${level} and above, from 1.${since} on`, () => {
    const [spec, reason, detail] = REFUSED[id] ?? assert.fail(`no pod for ${id}`);
    assert.deepEqual(violations(spec, level), [{ reason, detail }]);
    assert.deepEqual(violations(spec, "privileged"), []);
    if (level === "restricted" && id !== "restrictedVolumes" && id !== "capabilities_restricted")
      assert.deepEqual(violations(spec, "baseline"), []);
    if (since > 0)
      assert.ok(!violations(spec, level, since - 1).some((v) => v.reason === reason && v.detail === detail));
  });

test("root in a user namespace of its own is let in", () => {
  assert.deepEqual(violations(pod({ hostUsers: false }, { runAsUser: 0, runAsNonRoot: undefined }), "restricted"), []);
});

test("labels that nobody understands close the door", () => {
  const { policy, errors } = policyOf({
    "pod-security.kubernetes.io/enforce": "strict",
    "pod-security.kubernetes.io/warn-version": "1.20",
  });
  assert.equal(policy.enforce.level, "restricted");
  assert.equal(policy.warn.level, "privileged");
  assert.equal(errors.length, 2);
});

test("a namespace that is tightened tells of the pods that would not be let in", async (t) => {
  const { admin, close } = await startTestServer();
  t.after(close);
  const key = { namespace: "default", name: "p" };
  await admin.create(pods, { metadata: key, spec: { hostPID: true, containers: [{ name: "c", image: "x" }] } });
  const labels = { "pod-security.kubernetes.io/enforce": "baseline" };
  await admin.patch(namespaces, { name: "default" }, { type: "merge", body: { metadata: { labels } } });
  const again = { metadata: { ...key, name: "q" }, spec: { hostPID: true, containers: [{ name: "c", image: "x" }] } };
  await assert.rejects(
    admin.create(pods, again),
    /violates PodSecurity "baseline:latest": host namespaces \(hostPID=true\)/,
  );
  const wrong = { metadata: { labels: { "pod-security.kubernetes.io/enforce": "strict" } } };
  await assert.rejects(
    admin.patch(namespaces, { name: "default" }, { type: "merge", body: wrong }),
    /must be one of privileged, baseline, restricted/,
  );
});

test("labels that nobody understands are counted, and taken for the strictest", async (t) => {
  const storage = new MemoryStorage({ clock: new VirtualClock() });
  const before = await startTestServer({ storage, disable: ["ServiceAccount", "PodSecurity"] });
  const labels = { "pod-security.kubernetes.io/enforce": "harmless" };
  await before.admin.create(namespaces, { metadata: { name: "odd", labels } });
  before.server.close();
  const { admin, server, close } = await startTestServer({ storage });
  t.after(close);
  const spec = { containers: [{ name: "c", image: "x" }] };
  await assert.rejects(admin.create(pods, { metadata: { name: "p", namespace: "odd" }, spec }), /violates PodSecurity/);
  const series = 'pod_security_errors_total{fatal="false",request_operation="create",resource="pod",subresource=""}';
  assert.equal(told(server.context.metrics.registry, series), 1);
});
