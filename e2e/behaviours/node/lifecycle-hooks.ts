/** postStart and preStop hooks: called at their time, seen by a server that notes who asked. */
import assert from "node:assert/strict";
import { pods } from "@kubets/api/generated/refs";
import { behaviour } from "../behaviour.ts";
import type { BehaviourContext } from "../context.ts";
import { container } from "../objects.ts";
import { createPod, untilSaid } from "../output.ts";

/** A server whose log names each path that was asked for; gives its address. */
async function server(t: BehaviourContext): Promise<string> {
  const script = "mkdir -p /www && cd /www && touch poststart prestop write && exec httpd -f -vv -p 8080 -h /www 2>&1";
  await createPod(t, {
    metadata: { name: "server" },
    spec: { terminationGracePeriodSeconds: 0, containers: [container(script)] },
  });
  return (await t.podReady("server")).status.podIP ?? "";
}

async function hooked(t: BehaviourContext, lifecycle: object): Promise<void> {
  const own = container("trap 'exit 0' TERM; while :; do sleep 0.1; done", { lifecycle });
  await createPod(t, {
    metadata: { name: "hooked" },
    spec: { terminationGracePeriodSeconds: 15, containers: [own] },
  });
  await t.podReady("hooked");
}

const asks = (ip: string, path: string) => ({ exec: { command: ["wget", "-qO-", `http://${ip}:8080/${path}`] } });
const httpGet = (ip: string, path: string) => ({ httpGet: { host: ip, port: 8080, path: `/${path}` } });
const HOOK = "[sig-node] Container Lifecycle Hook when create a pod with lifecycle hook should execute";
const TAGS = "[NodeConformance] [Conformance]";

behaviour(`${HOOK} poststart exec hook properly ${TAGS}`, { on: "containers" }, async (t) => {
  const ip = await server(t);
  await hooked(t, { postStart: asks(ip, "poststart") });
  await untilSaid(t, "server", "/poststart");
});

for (const [name, handler] of [
  [`${HOOK} prestop exec hook properly ${TAGS}`, asks],
  [`${HOOK} prestop http hook properly ${TAGS}`, httpGet],
  ["[sig-node] PreStop should call prestop when killing a pod [Conformance]", httpGet],
] as const)
  behaviour(name, { on: "containers" }, async (t) => {
    const ip = await server(t);
    await hooked(t, { preStop: handler(ip, "prestop") });
    const { text } = await t.request("GET", `/api/v1/namespaces/${t.namespace}/pods/server/log`);
    assert.ok(!text.includes("/prestop"));
    await t.client.delete(pods, { namespace: t.namespace, name: "hooked" });
    await untilSaid(t, "server", "/prestop");
    await t.untilGone(pods, "hooked");
  });
