/** Probes: what restarts a container and what does not. */
import assert from "node:assert/strict";
import { setTimeout as pass } from "node:timers/promises";
import { pods } from "@kubets/api/generated/refs";
import type { Pod } from "@kubets/api/generated/types/core-v1";
import { behaviour } from "../behaviour.ts";
import type { BehaviourContext } from "../context.ts";
import { lentNode, lentVolumes } from "../lent-node.ts";
import { container } from "../objects.ts";
import { createPod } from "../output.ts";

const PROBING = "[sig-node] Probing container";
const TAGS = "[NodeConformance] [Conformance]";
const WEB = "mkdir -p /www && echo ok > /www/healthz && exec httpd -f -p 8080 -h /www";
const restarts = (pod: Pod | undefined) => pod?.status.containerStatuses?.[0]?.restartCount ?? 0;

const make = (t: BehaviourContext, script: string, more: object, spec: object = {}) =>
  createPod(t, {
    metadata: { name: "probed" },
    spec: { terminationGracePeriodSeconds: 0, containers: [container(script, more)], ...spec },
  });

/** As many probes as would restart it several times over are watched; a restart ends the watch with a complaint. */
async function staysUp(t: BehaviourContext): Promise<void> {
  await t.podReady("probed");
  const { promise, reject } = Promise.withResolvers<never>();
  const watch = t
    .until(pods, "probed", "a restart", (pod) => restarts(pod) > 0, 15_000)
    .then(
      () => reject(new Error("the container was restarted")),
      () => {},
    );
  await Promise.race([watch, promise, pass(12_000)]);
  assert.equal(restarts(await t.client.get(pods, { namespace: t.namespace, name: "probed" })), 0);
}

const QUICK = { periodSeconds: 1, initialDelaySeconds: 1, failureThreshold: 1, timeoutSeconds: 5 };
const liveness = (probe: object) => ({ livenessProbe: { ...QUICK, ...probe } });

/** A gRPC server that says SERVING. */
const GRPC = `require("node:http2").createServer().on("stream", (stream) => {
  stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
  stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
  stream.resume().on("end", () => stream.end(Buffer.from([0, 0, 0, 0, 2, 8, 1])));
}).listen(5000)`;
const grpcServer = lentNode(GRPC);
const lent = { volumes: lentVolumes };

behaviour(
  `${PROBING} should *not* be restarted with a /healthz http liveness probe ${TAGS}`,
  { on: "containers" },
  async (t) => {
    await make(t, WEB, liveness({ httpGet: { path: "/healthz", port: 8080 } }));
    await staysUp(t);
  },
);

behaviour(
  `${PROBING} should *not* be restarted with a exec "cat /tmp/health" liveness probe ${TAGS}`,
  { on: "containers" },
  async (t) => {
    await make(t, "echo ok > /tmp/health; sleep 600", liveness({ exec: { command: ["cat", "/tmp/health"] } }));
    await staysUp(t);
  },
);

behaviour(
  `${PROBING} should *not* be restarted with a tcp:8080 liveness probe ${TAGS}`,
  { on: "containers" },
  async (t) => {
    await make(t, `(sleep 5; rm /www/healthz) & ${WEB}`, liveness({ tcpSocket: { port: 8080 } }));
    await staysUp(t);
  },
);

behaviour(
  `${PROBING} should *not* be restarted with a GRPC liveness probe ${TAGS}`,
  { on: "containers" },
  async (t) => {
    await make(t, "", { ...grpcServer, ...liveness({ grpc: { port: 5000 }, initialDelaySeconds: 3 }) }, lent);
    await staysUp(t);
  },
);

behaviour(`${PROBING} should be restarted with a GRPC liveness probe ${TAGS}`, { on: "containers" }, async (t) => {
  await make(t, "", { ...grpcServer, ...liveness({ grpc: { port: 2333 }, initialDelaySeconds: 3 }) }, lent);
  await t.until(pods, "probed", "a restart", (pod) => restarts(pod) === 1);
});

behaviour(
  `${PROBING} should have monotonically increasing restart count ${TAGS}`,
  { on: "containers", timeoutSeconds: 400 },
  async (t) => {
    await make(t, `(sleep 2; rm /www/healthz) & ${WEB}`, liveness({ httpGet: { path: "/healthz", port: 8080 } }));
    let seen = 0;
    await t.until(
      pods,
      "probed",
      "five restarts",
      (pod) => {
        assert.ok(restarts(pod) >= seen, `the restart count fell from ${seen} to ${restarts(pod)}`);
        seen = restarts(pod);
        return seen >= 5;
      },
      380_000,
    );
  },
);

behaviour(
  `${PROBING} with readiness probe that fails should never be ready and never restart ${TAGS}`,
  { on: "containers" },
  async (t) => {
    await make(t, "sleep 600", { readinessProbe: { ...QUICK, exec: { command: ["false"] } } });
    await t.until(pods, "probed", "it to run", (pod) => pod?.status.phase === "Running");
    const ready = (pod: Pod | undefined) =>
      pod?.status.conditions?.some(({ type, status }) => type === "Ready" && status === "True") || restarts(pod) > 0;
    await assert.rejects(t.until(pods, "probed", "what must not be", ready, 10_000), /did not come/);
  },
);
