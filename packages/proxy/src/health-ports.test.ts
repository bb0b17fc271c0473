import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, it } from "node:test";
import { silentLogger } from "@kubets/machinery";
import { HealthPorts } from "./health-ports.ts";
import { ServicePlanner } from "./planner.ts";
import { endpoint, service, slice } from "./testing/objects.ts";

async function freePort(): Promise<number> {
  const server: Server = createServer().listen(0);
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

const ask = (port: number) => fetch(`http://127.0.0.1:${port}/`);

describe("health check node ports", () => {
  it("count the ready endpoints of this node, for services that ask for it", () => {
    const planner = new ServicePlanner({ name: "here", labels: {} });
    const asked = { type: "LoadBalancer", externalTrafficPolicy: "Local", healthCheckNodePort: 32_000 };
    planner.putService(service("web", asked));
    planner.putService(service("other", { ...asked, externalTrafficPolicy: "Cluster" }));
    const here = { node: "here" };
    planner.putSlice(
      slice("web-1", "web", [endpoint("1", here), endpoint("2"), endpoint("3", { ...here, ready: false })]),
    );
    planner.takeChange();
    assert.deepEqual([...planner.health], [{ namespace: "ns", name: "web", port: 32_000, localEndpoints: 1 }]);
    planner.removeService(service("web", asked));
    planner.takeChange();
    assert.deepEqual([...planner.health], []);
  });

  it("answer with what there is, until nobody wants them", async () => {
    const port = await freePort();
    let isWell = true;
    const ports = new HealthPorts(() => isWell, silentLogger);
    const health = (localEndpoints: number) => ports.set([{ namespace: "ns", name: "web", port, localEndpoints }]);
    await health(2);
    const answer = await ask(port);
    assert.equal(answer.status, 200);
    assert.equal(answer.headers.get("x-load-balancing-endpoint-weight"), "2");
    assert.deepEqual(await answer.json(), {
      service: { namespace: "ns", name: "web" },
      localEndpoints: 2,
      serviceProxyHealthy: true,
    });
    await health(0);
    assert.equal((await ask(port)).status, 503);
    await health(1);
    isWell = false;
    assert.equal((await ask(port)).status, 503);
    await ports.set([]);
    await assert.rejects(ask(port));
  });

  it("that are taken hold up no others, and are tried again", async (t) => {
    const server = createServer().listen(0);
    t.after(() => server.close());
    await once(server, "listening");
    const taken = (server.address() as AddressInfo).port;
    const free = await freePort();
    const ports = new HealthPorts(() => true, silentLogger);
    const wanted = [taken, free].map((port) => ({ namespace: "ns", name: `p${port}`, port, localEndpoints: 1 }));
    await ports.set(wanted);
    assert.equal((await ask(free)).status, 200);
    server.close();
    await once(server, "close");
    await ports.set(wanted);
    assert.equal((await ask(taken)).status, 200);
    await ports.set([]);
  });
});
