/**
 * The ingress of a cluster that `kubets up` made: a chart installed by real helm and opened in a real browser, from the host, from pods, and
 * under load while pods roll and routes change every second.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { deployments, ingresses } from "@kubets/api/generated/refs";
import type { Client } from "@kubets/client";
import { connectionFrom } from "@kubets/client/kubeconfig/connection";
import { openClient } from "@kubets/client/kubeconfig/open-client";
import { machineReading } from "@kubets/client/kubeconfig/reading";
import { Browser, whyNoBrowser } from "../browser.ts";
import { eventually, type TestCluster, upCluster, whyNoContainers } from "../cluster.ts";
import { realProgram } from "../real-programs.ts";
import { writeShopChart } from "./chart.ts";
import { startLoad } from "./load.ts";

const SHOP = { namespace: "default", name: "shop" };

/** A port that is free now. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

describe("the ingress of a cluster", { skip: whyNoContainers() ?? false }, () => {
  let cluster: TestCluster;
  let client: Client;
  let transport: { close(): void | Promise<void> };
  let http: number;
  let https: number;
  before(async () => {
    [http, https] = [await freePort(), await freePort()];
    cluster = upCluster({ nodes: 2, flags: ["--publish", `${http}:80`, "--publish", `${https}:443`] });
    const connection = await connectionFrom({ kubeconfig: cluster.kubeconfig }, machineReading());
    ({ client, transport } = await openClient(connection, "e2e"));
  });
  after(async () => {
    await transport?.close();
    cluster?.down();
  });

  it("takes up a chart that real helm installs, and says so in its status", async () => {
    const chart = writeShopChart(cluster.home);
    const told = execFileSync(realProgram("v35", "helm"), ["install", "shop", chart, "--wait", "--timeout", "120s"], {
      env: { ...process.env, KUBECONFIG: cluster.kubeconfig, HOME: cluster.home },
      encoding: "utf8",
    });
    assert.match(told, /^STATUS: deployed$/m);
    await eventually(
      "an address",
      async () => (await client.get(ingresses, SHOP)).status.loadBalancer.ingress?.[0]?.ip,
    );
  });

  it("tells in an event what has no effect", async () => {
    const about = "involvedObject.name=shop,reason=UnknownAnnotation";
    const told = () =>
      cluster.kubectl(["get", "events", "--field-selector", about, "-o", "jsonpath={.items[*].message}"]);
    const expected = "nginx.ingress.kubernetes.io/configuration-snippet is not known here and has no effect";
    await eventually("the event", () => told().includes(expected));
  });

  it("shows its page in a real browser, by TLS, with its WebSocket", { skip: whyNoBrowser() ?? false }, async () => {
    const browser = new Browser(["shop.test"]);
    try {
      const page = await browser.open(`http://shop.test:${http}/shop/`);
      await eventually("the page", () => page.evaluate("document.title === 'shop'"));
      assert.equal(await page.evaluate("location.href"), `https://shop.test:${https}/shop/`);
      assert.equal(await page.evaluate("performance.getEntriesByType('navigation')[0].nextHopProtocol"), "h2");
      assert.equal(await page.evaluate("said"), "hello at /socket");
      assert.equal(
        await page.evaluate("fetch('/shop/a%20b?c=d').then((answer) => answer.headers.get('x-path'))"),
        "/a%20b?c=d",
      );
      assert.equal(await page.evaluate("fetch('/elsewhere').then((answer) => answer.status)"), 404);
    } finally {
      await browser.close();
    }
  });

  it("is reached by pods, through its service", async () => {
    cluster.kubectl(["run", "asker", "--image=kubets.local/demo:1"]);
    cluster.kubectl(["wait", "pod/asker", "--for=condition=Ready", "--timeout=60s"]);
    const ask = [
      "wget",
      "-qO-",
      "--header",
      "Host: shop.test",
      "--header",
      "X-Forwarded-Proto: https",
      "http://kubets-ingress.kube-system/load",
    ];
    cluster.kubectl([
      "create",
      "ingress",
      "load",
      "--class=kubets",
      "--rule=shop.test/load=shop:http",
      "--annotation=nginx.ingress.kubernetes.io/ssl-redirect=false",
    ]);
    await eventually("the page", () =>
      cluster.kubectl(["exec", "asker", "--", ...ask]).includes("<title>shop</title>"),
    );
  });

  it("fails no request while pods roll and routes change every second", async () => {
    cluster.kubectl(["create", "ingress", "rolling", "--class=kubets", "--rule=rolling.test/*=shop:http"]);
    const rolling = { namespace: "default", name: "rolling" };
    await eventually("the route", async () => (await statusOf(http, "rolling.test")) === 200);
    const load = startLoad(http, "rolling.test", 6);
    const stop = new AbortController();
    let changes = 0;
    const changing = (async () => {
      while (!stop.signal.aborted) {
        changes++;
        const annotations = { "nginx.ingress.kubernetes.io/proxy-body-size": `${changes}m` };
        const backend = { service: { name: "shop", port: { name: "http" } } };
        const paths = ["/", `/other-${changes}`].map((path) => ({ path, pathType: "Prefix", backend }));
        const rules = [
          { host: "rolling.test", http: { paths } },
          { host: `new-${changes}.test`, http: { paths } },
        ];
        await client.patch(ingresses, rolling, { type: "merge", body: { metadata: { annotations }, spec: { rules } } });
        await sleep(1000, undefined, { signal: stop.signal }).catch(() => {});
      }
    })();
    for (const turn of ["one", "two"]) {
      const annotations = { turn };
      await client.patch(deployments, SHOP, {
        type: "merge",
        body: { spec: { template: { metadata: { annotations } } } },
      });
      await eventually("all pods to be new", async () => {
        const { metadata, spec, status } = await client.get(deployments, SHOP);
        const { observedGeneration, updatedReplicas, replicas, readyReplicas } = status ?? {};
        return (
          observedGeneration === metadata.generation &&
          [updatedReplicas, replicas, readyReplicas].every((count) => count === spec.replicas)
        );
      });
    }
    await eventually("a few changes of routes", () => changes >= 10);
    stop.abort();
    await changing;
    await load.stop();
    assert.deepEqual(load.failures, []);
    assert.ok(load.pods.size >= 9, `answers came from ${load.pods.size} pods`);
    assert.ok(load.answered > 500, `${load.answered} requests`);
    console.log(`${load.answered} requests, ${load.pods.size} pods, ${changes} changes of routes`);
  });
});

async function statusOf(port: number, host: string): Promise<number> {
  const load = startLoad(port, host, 1);
  while (load.answered + load.failures.length === 0) await sleep(5);
  await load.stop();
  return load.answered > 0 ? 200 : 0;
}
