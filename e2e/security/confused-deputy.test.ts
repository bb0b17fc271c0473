/** What the server does on behalf of others with its own powers: it hands on nobody's token, and goes nowhere that only it may go. */
import assert from "node:assert/strict";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { networkInterfaces } from "node:os";
import { it } from "node:test";
import { startApiServer } from "./api-server-process.ts";

/** An address of this machine that others could have too. */
const ownAddress = Object.values(networkInterfaces())
  .flatMap((all) => all ?? [])
  .find(({ family, internal }) => family === "IPv4" && !internal)?.address;

it("a proxied request carries no credentials, and leads to the pod alone", {
  skip: ownAddress === undefined && "this machine has no address but loopback's",
}, async () => {
  const seen: IncomingHttpHeaders[] = [];
  const backend = createServer((request, response) => {
    seen.push(request.headers);
    response.end("from the pod");
  });
  await new Promise<void>((resolve) => backend.listen(0, "0.0.0.0", resolve));
  const { port } = backend.address() as AddressInfo;
  const server = await startApiServer(() => ({ "disable-admission-plugins": "ServiceAccount" }));
  try {
    const base = "/api/v1/namespaces/default";
    const merge = { "content-type": "application/merge-patch+json" };
    const write = async (method: string, path: string, body: object, headers = {}) => {
      const answer = await server.ask(method, path, { body, headers });
      assert.ok(answer.status < 300, JSON.stringify(answer.body));
    };
    const containers = [{ name: "c", image: "x" }];
    await write("POST", `${base}/pods`, { metadata: { name: "p" }, spec: { containers } });
    const setAddress = (podIP: string) =>
      write("PATCH", `${base}/pods/p/status`, { status: { podIP, podIPs: [{ ip: podIP }] } }, merge);
    const ports = [{ port, targetPort: port }];
    await write("POST", `${base}/services`, { metadata: { name: "s" }, spec: { clusterIP: "None", ports } });
    const slice = (name: string, endpoint: object) =>
      write("POST", `/apis/discovery.k8s.io/v1/namespaces/default/endpointslices`, {
        metadata: { name, labels: { "kubernetes.io/service-name": "s" } },
        addressType: "IPv4",
        ports: [{ port }],
        endpoints: [endpoint],
      });
    const headers = {
      "impersonate-user": "admin",
      "impersonate-group": "system:masters",
      "sec-websocket-protocol": "base64url.bearer.authorization.k8s.io.YWRtaW4tdG9rZW4, the-pods-own",
    };
    const ask = (path: string) => server.ask("GET", path, { headers });

    await setAddress(ownAddress as string);
    const through = await ask(`${base}/pods/p:${port}/proxy/x`);
    assert.deepEqual([through.status, through.body["text"]], [200, "from the pod"]);
    for (const name of Object.keys(seen[0] ?? {})) assert.doesNotMatch(name, /^(authorization|impersonate-|x-remote-)/);
    assert.equal(seen[0]?.["sec-websocket-protocol"], "the-pods-own");

    const nobody = await ask(`${base}/pods/p:1/proxy/`);
    const message = `error trying to reach service: dial tcp ${ownAddress}:1: connect: connection refused`;
    assert.deepEqual([nobody.status, nobody.body["message"]], [503, message]);

    await slice("made-up", { addresses: [ownAddress] });
    assert.equal((await ask(`${base}/services/s/proxy/`)).status, 503, "an address that is no pod's");
    await slice("real", { addresses: [ownAddress], targetRef: { kind: "Pod", namespace: "default", name: "p" } });
    assert.equal((await ask(`${base}/services/s/proxy/`)).status, 200);

    for (const address of ["127.0.0.1", "169.254.169.254"]) {
      await setAddress(address);
      const refused = await ask(`${base}/pods/p:${port}/proxy/`);
      assert.deepEqual([refused.status, refused.body["message"]], [400, "address not allowed"], address);
      assert.equal((await ask(`${base}/services/s/proxy/`)).status, 503, address);
    }
    assert.equal(seen.length, 2);
  } finally {
    await server.stop();
    backend.close();
  }
});
