/** Volumes that another machine's programs serve: what a kernel must have for them, and what pods find in them. */
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import type { Volume } from "@kubets/api/generated/types/core-v1";
import { pod } from "@kubets/api/testing/pod-builder";
import { DEMO_IMAGE, whyNot } from "./containerd.ts";
import { NODE, type TestNode } from "./node.ts";
import { end, inPhase } from "./node-pods.ts";

export const run = (program: string, ...args: string[]) =>
  execFileSync(program, args, { encoding: "utf8", stdio: "pipe" });
const mounts = () => readFileSync("/proc/self/mountinfo", "utf8");

/** The kernel's part must be there, and the programs. */
export function whyNo(module: string, ...programs: string[]): string | undefined {
  const why = whyNot();
  if (why) return why;
  const missing = programs.find((program) => spawnSync("sh", ["-c", `command -v ${program}`]).status !== 0);
  if (missing) return `needs ${missing}`;
  return spawnSync("modprobe", [module]).status === 0 ? undefined : `the kernel has no ${module}`;
}

/** Runs a pod that has the volume at /v, and gives what its command printed; then the pod goes, and its mounts. */
export async function told(
  node: TestNode,
  name: string,
  source: Omit<Volume, "name">,
  command: string,
): Promise<string> {
  await node.api.createPod(
    pod(name)
      .on(NODE)
      .uid(`uid-${name}`)
      .container("c", {
        image: DEMO_IMAGE,
        imagePullPolicy: "IfNotPresent",
        command: ["sh", "-c", `(${command}) > /dev/termination-log 2>&1`],
        volumeMounts: [{ name: "v", mountPath: "/v" }],
      })
      .spec({ restartPolicy: "Never", volumes: [{ name: "v", ...source }] })
      .build(),
  );
  const { containerStatuses } = await inPhase(node, name, "Succeeded");
  await end(node, name);
  assert.ok(!mounts().includes(`uid-${name}`));
  return containerStatuses?.[0]?.state?.terminated?.message?.trim() ?? "";
}
