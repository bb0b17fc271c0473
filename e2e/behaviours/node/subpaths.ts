/** Paths within volumes that are made of the environment. */
import assert from "node:assert/strict";
import { pods } from "@kubets/api/generated/refs";
import { behaviour } from "../behaviour.ts";
import type { BehaviourContext } from "../context.ts";
import { createPod, linesOf, scriptPod, untilSaid } from "../output.ts";

const env = [{ name: "POD_NAME", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } }];
const annotation = { name: "ANNOTATION", valueFrom: { fieldRef: { fieldPath: "metadata.annotations['mysubpath']" } } };
const spec = { volumes: [{ name: "v", emptyDir: {} }] };
const mount = (subPathExpr: string) => ({
  volumeMounts: [
    { name: "v", mountPath: "/logs", subPathExpr },
    { name: "v", mountPath: "/whole" },
  ],
});

const expansion = (words: string, tags: string, run: (t: BehaviourContext) => Promise<void>) =>
  behaviour(`[sig-node] Variable Expansion should ${words} ${tags}`, { on: "containers", timeoutSeconds: 180 }, run);

expansion("allow substituting values in a volume subpath", "[Conformance]", async (t) => {
  const script = "echo here > /logs/file && cat /whole/it/file";
  assert.deepEqual(await linesOf(t, { script, container: { env, ...mount("$(POD_NAME)") }, spec }, "it"), ["here"]);
});

for (const [kind, path] of [
  ["backticks", "..$(POD_NAME)/`hostname`"],
  ["absolute path", "/tmp"],
] as const)
  expansion(`fail substituting values in a volume subpath with ${kind}`, "[Conformance]", async (t) => {
    // What a variable says is known only when the container is made.
    const own = [...env, { name: "PLACE", value: kind === "backticks" ? "`hostname`" : "/tmp" }];
    const expr = kind === "backticks" ? path : "$(PLACE)";
    const { metadata, spec: wanted } = scriptPod("it", {
      script: "true",
      container: { env: own, ...mount(expr) },
      spec,
    });
    const { status } = await t.request("POST", `/api/v1/namespaces/${t.namespace}/pods`, { metadata, spec: wanted });
    if (status === 422) return;
    await t.until(pods, "it", "the container to be refused", (pod) => {
      assert.notEqual(pod?.status.phase, "Succeeded");
      return pod?.status.containerStatuses?.[0]?.state.waiting?.reason === "CreateContainerConfigError";
    });
  });

expansion("succeed in writing subpaths in container", "[Conformance]", async (t) => {
  await createPod(
    t,
    scriptPod("it", {
      script: "sleep 100",
      container: { env: [...env, annotation], ...mount("$(ANNOTATION)/$(POD_NAME)") },
      spec,
      metadata: { annotations: { mysubpath: "mypath" } },
    }),
  );
  await t.podReady("it");
  await t.exec("it", ["sh", "-c", "echo written > /logs/asked && test -f /whole/mypath/it/asked"]);
  const body = { metadata: { annotations: { mysubpath: "newpath" } } };
  await t.client.patch(pods, { namespace: t.namespace, name: "it" }, { type: "merge", body });
  // What was expanded stays, and the pod goes although it would not be expanded so again.
  await t.exec("it", ["test", "-f", "/whole/mypath/it/asked"]);
  await t.client.delete(pods, { namespace: t.namespace, name: "it" });
  await t.untilGone(pods, "it");
});

expansion(
  "verify that a failing subpath expansion can be modified during the lifecycle of a container",
  "[Slow] [Conformance]",
  async (t) => {
    await createPod(
      t,
      scriptPod("it", {
        script: "echo runs; sleep 100",
        container: { env: [...env, annotation], ...mount("$(ANNOTATION)/$(POD_NAME)") },
        spec,
        metadata: { annotations: { notmysubpath: "mypath" } },
      }),
    );
    // An annotation that is not there is empty, so the path would be absolute.
    await t.until(pods, "it", "the container to be refused", (pod) => {
      return pod?.status.containerStatuses?.[0]?.state.waiting?.reason === "CreateContainerConfigError";
    });
    const body = { metadata: { annotations: { mysubpath: "mypath" } } };
    await t.client.patch(pods, { namespace: t.namespace, name: "it" }, { type: "merge", body });
    await t.podReady("it");
    await untilSaid(t, "it", "runs");
    await t.client.delete(pods, { namespace: t.namespace, name: "it" });
    await t.untilGone(pods, "it");
  },
);
