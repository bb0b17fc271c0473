/** emptyDir: who may do what in it, where it is kept, shared by containers. */
import assert from "node:assert/strict";
import { pods } from "@kubets/api/generated/refs";
import { behaviour } from "../behaviour.ts";
import { container } from "../objects.ts";
import { createPod, linesOf, logOf } from "../output.ts";

const mounts = { volumeMounts: [{ name: "v", mountPath: "/v" }] };
const volume = (medium: string) => ({
  volumes: [{ name: "v", emptyDir: medium === "tmpfs" ? { medium: "Memory" } : {} }],
});
const MODES: Readonly<Record<string, string>> = { "0644": "-rw-r--r--", "0666": "-rw-rw-rw-", "0777": "-rwxrwxrwx" };
const TYPE = "awk '$2 == \"/v\" { print $3 }' /proc/mounts";

const CASES = [
  "(non-root,0644,default)",
  "(non-root,0644,tmpfs)",
  "(non-root,0666,default)",
  "(non-root,0777,default)",
  "(non-root,0777,tmpfs)",
  "(root,0644,default)",
  "(root,0644,tmpfs)",
  "(root,0666,tmpfs)",
  "(root,0777,tmpfs)",
];

for (const each of CASES)
  behaviour(
    `[sig-storage] EmptyDir volumes should support ${each} [LinuxOnly] [NodeConformance] [Conformance]`,
    { on: "containers" },
    async (t) => {
      const [user = "", mode = "", medium = ""] = each.slice(1, -1).split(",");
      const [content, shown, uid, type] = await linesOf(t, {
        script: `echo hello > /v/f && chmod ${mode} /v/f && cat /v/f && stat -c %A /v/f && id -u && ${TYPE}`,
        container: mounts,
        spec: { ...volume(medium), ...(user === "non-root" && { securityContext: { runAsUser: 1001 } }) },
      });
      assert.deepEqual([content, shown, uid], ["hello", MODES[mode], user === "root" ? "0" : "1001"]);
      assert.equal(type === "tmpfs", medium === "tmpfs", `the file system is ${type}`);
    },
  );

for (const [words, medium] of [
  ["default medium", "default"],
  ["tmpfs", "tmpfs"],
] as const)
  behaviour(
    `[sig-storage] EmptyDir volumes volume on ${words} should have the correct mode [LinuxOnly] [NodeConformance] [Conformance]`,
    { on: "containers" },
    async (t) => {
      const [mode, type] = await linesOf(t, {
        script: `stat -c %A /v && ${TYPE}`,
        container: mounts,
        spec: volume(medium),
      });
      assert.equal(mode, "drwxrwxrwx");
      assert.equal(type === "tmpfs", medium === "tmpfs", `the file system is ${type}`);
    },
  );

behaviour(
  "[sig-storage] EmptyDir volumes pod should support shared volumes between containers [Conformance]",
  { on: "containers" },
  async (t) => {
    const waiting = "until [ -f /v/dropped ]; do sleep 0.1; done; cat /v/dropped";
    await createPod(t, {
      metadata: { name: "shared" },
      spec: {
        terminationGracePeriodSeconds: 1,
        restartPolicy: "Never",
        volumes: [{ name: "v", emptyDir: {} }],
        containers: [
          { ...container(waiting, mounts), name: "main" },
          { ...container("echo from the other > /v/new && mv /v/new /v/dropped", mounts), name: "sub" },
        ],
      },
    });
    await t.until(pods, "shared", "the pod to succeed", (pod) => pod?.status.phase === "Succeeded");
    assert.equal(await logOf(t, "shared", "?container=main"), "from the other\n");
  },
);
