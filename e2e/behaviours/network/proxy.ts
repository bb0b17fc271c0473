/** The API server as a way to what pods serve: by pod and by service, port and scheme, with any method, and links that lead back through it. */
import assert from "node:assert/strict";
import { endpoints, services } from "@kubets/api/generated/refs";
import { certificateToPem, createAuthority, createKey, keyToPem, validFor } from "@kubets/wire/x509";
import { behaviour } from "../behaviour.ts";
import type { BehaviourContext } from "../context.ts";
import { lentNode, lentVolumes } from "../lent-node.ts";
import { pod } from "../objects.ts";
import { createPod } from "../output.ts";
import { IMAGES } from "../test-image.ts";

const PORTS = { http: 1080, second: 1081, https: 1443 };

/** Tells each port's name, the method, the path with its query and the body; /page links to itself, /away leads to it. */
const SERVER = `
const tell = (port) => (request, response) => {
  if (request.url === "/away") return response.writeHead(302, { location: "/page" }).end();
  if (request.url === "/page") return response.setHeader("content-type", "text/html").end('<a href="/page">here</a>');
  let body = "";
  request.on("data", (part) => (body += part)).on("end", () =>
    response.setHeader("method", request.method).end([port, request.method, request.url, body].join(" ")));
};
const tls = { key: process.env.KEY, cert: process.env.CERT };
for (const [name, port] of Object.entries(JSON.parse(process.env.PORTS)))
  (name === "https" ? require("https").createServer(tls, tell(name)) : require("http").createServer(tell(name))).listen(port);
`;

async function serve(t: BehaviourContext): Promise<{ pods: string; services: string }> {
  const key = createKey();
  const { certificate } = createAuthority({ commonName: "test", key, ...validFor(Date.now(), 1) });
  const env = Object.entries({
    PORTS: JSON.stringify(PORTS),
    KEY: keyToPem(key),
    CERT: certificateToPem(certificate),
  }).map(([name, value]) => ({ name, value }));
  const ports = Object.entries(PORTS).map(([name, containerPort]) => ({ name, containerPort }));
  const readinessProbe = { tcpSocket: { port: PORTS.https }, periodSeconds: 1 };
  const containers = [{ name: "c", image: IMAGES.demo, ...lentNode(SERVER), env, ports, readinessProbe }];
  await t.client.create(services, {
    metadata: { namespace: t.namespace, name: "proxied" },
    spec: {
      selector: { app: "proxied" },
      ports: Object.keys(PORTS).map((name, i) => ({ name, port: 80 + i, targetPort: name })),
    },
  });
  const volumes = lentVolumes;
  await createPod(t, pod("serves", { app: "proxied" }, { terminationGracePeriodSeconds: 1, volumes, containers }));
  await t.podReady("serves");
  await t.until(endpoints, "proxied", "its pod", (it) => it?.subsets?.[0]?.addresses?.length);
  const base = `/api/v1/namespaces/${t.namespace}`;
  return { pods: `${base}/pods`, services: `${base}/services` };
}

/** An answer of the application, which the server may not know at once. */
async function says(t: BehaviourContext, path: string, wanted: string, method = "GET", body?: string): Promise<void> {
  const answer = await t.eventually(`${method} ${path} to be answered`, async () => {
    const { status, text } = await t.request(method, path, body);
    return status !== 503 && { status, text };
  });
  assert.deepEqual(answer, { status: 200, text: wanted }, `${method} ${path}`);
}

behaviour(
  "[sig-network] Proxy version v1 should proxy through a service and a pod [Conformance]",
  { on: "containers" },
  async (t) => {
    const { pods, services: through } = await serve(t);
    const ways = [
      [`${pods}/serves`, "http"],
      [`${pods}/serves:${PORTS.http}`, "http"],
      [`${pods}/http:serves:${PORTS.second}`, "second"],
      [`${pods}/serves:second`, "second"],
      [`${pods}/https:serves:${PORTS.https}`, "https"],
      [`${through}/proxied:http`, "http"],
      [`${through}/proxied:81`, "second"],
      [`${through}/http:proxied:second`, "second"],
      [`${through}/https:proxied:https`, "https"],
      [`${through}/https:proxied:82`, "https"],
    ] as const;
    for (const [way, port] of ways) {
      await says(t, `${way}/proxy/`, `${port} GET / `);
      await says(t, `${way}/proxy/some/path/?a=1&b=2`, `${port} GET /some/path/?a=1&b=2 `);
      await says(t, `${way}/proxy/page`, `<a href="${way}/proxy/page">here</a>`);
      const { status, headers } = await t.request("GET", `${way}/proxy/away`);
      assert.deepEqual([status, headers["location"]], [302, `${way}/proxy/page`]);
    }
    const { status } = await t.request("GET", `${through}/proxied:none/proxy/`);
    assert.equal(status, 503, "a port that there is not");
  },
);

const METHODS = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"];

/** Every method, by pod and by service; a HEAD has no body, and tells the method in a header. */
async function everyMethod(t: BehaviourContext, ways: readonly string[], path: string): Promise<void> {
  for (const way of ways)
    for (const method of METHODS) {
      const body = ["PATCH", "POST", "PUT"].includes(method) ? "words" : undefined;
      if (method !== "HEAD")
        await says(t, `${way}/proxy${path}`, `http ${method} ${path || "/"} ${body ?? ""}`, method, body);
      else {
        const { status, headers, text } = await t.request(method, `${way}/proxy${path}`);
        assert.deepEqual([status, headers["method"], text], [200, "HEAD", ""]);
      }
    }
}

behaviour(
  "[sig-network] Proxy version v1 A set of valid responses are returned for both pod and service ProxyWithPath [Conformance]",
  { on: "containers" },
  async (t) => {
    const { pods, services: through } = await serve(t);
    await everyMethod(t, [`${pods}/serves`, `${through}/proxied:http`], "/some/path/with/GET");
  },
);

behaviour(
  "[sig-network] Proxy version v1 A set of valid responses are returned for both pod and service Proxy [Conformance]",
  { on: "containers" },
  async (t) => {
    const { pods, services: through } = await serve(t);
    const ways = [`${pods}/serves`, `${through}/proxied:http`];
    await everyMethod(t, ways, "/");
    for (const way of ways) {
      // Without the last slash, what reads is sent to the path that has it; all else is passed on.
      for (const method of ["GET", "HEAD"]) {
        const { status, headers } = await t.request(method, `${way}/proxy?method=${method}`);
        assert.deepEqual([status, headers["location"]], [301, `${way}/proxy/?method=${method}`]);
      }
      for (const method of METHODS.filter((each) => each !== "GET" && each !== "HEAD"))
        await says(t, `${way}/proxy?method=${method}`, `http ${method} /?method=${method} `, method);
    }
  },
);
