/** A controller as controller-runtime makes them, over real HTTPS: its built-in kinds come and go as protobuf, its own as JSON, in lists, watches, writes and refusals. */
import assert from "node:assert/strict";
import { after, before, it } from "node:test";
import { customresourcedefinitions } from "@kubets/api/generated/refs";
import type { PlainObject } from "@kubets/api/meta";
import { MemoryStorage } from "@kubets/storage";
import { startApiServer } from "../api-server.ts";
import { json, MediaClient, protobuf } from "./two-media.ts";

const PROTOBUF = "application/vnd.kubernetes.protobuf";
const SITES = "/apis/web.example/v1/namespaces/default/sites";

let server: Awaited<ReturnType<typeof startApiServer>>;
let sites: MediaClient;
let deployments: MediaClient;
let leases: MediaClient;
let events: MediaClient;
const stopping = new AbortController();

before(async () => {
  server = await startApiServer(new MemoryStorage());
  const { overHttps, client } = server;
  await client.raw("POST", "/api/v1/namespaces", { metadata: { name: "default" } });
  const integer = { type: "integer" };
  await client.create(customresourcedefinitions, {
    metadata: { name: "sites.web.example" },
    spec: {
      group: "web.example",
      scope: "Namespaced",
      names: { plural: "sites", kind: "Site" },
      versions: [
        {
          name: "v1",
          served: true,
          storage: true,
          subresources: { status: {} },
          schema: {
            openAPIV3Schema: {
              type: "object",
              properties: {
                spec: { type: "object", properties: { replicas: integer } },
                status: { type: "object", properties: { replicas: integer } },
              },
            },
          },
        },
      ],
    },
  });
  while (!server.served.get("web.example", "v1", "sites")) await new Promise(setImmediate);
  sites = new MediaClient(overHttps, SITES, json);
  deployments = new MediaClient(
    overHttps,
    "/apis/apps/v1/namespaces/default/deployments",
    protobuf("api.apps.v1.Deployment"),
  );
  leases = new MediaClient(
    overHttps,
    "/apis/coordination.k8s.io/v1/namespaces/default/leases",
    protobuf("api.coordination.v1.Lease"),
  );
  events = new MediaClient(
    overHttps,
    "/apis/events.k8s.io/v1/namespaces/default/events",
    protobuf("api.events.v1.Event"),
  );
});
after(async () => {
  stopping.abort();
  await server.stop();
});

interface Site {
  readonly metadata: { readonly name: string; readonly uid: string; readonly generation: number };
  readonly spec: { readonly replicas: number };
  readonly status?: { readonly replicas: number };
}
interface Deployment {
  readonly metadata: {
    readonly resourceVersion: string;
    readonly ownerReferences: readonly { readonly uid: string }[];
  };
  readonly spec: { readonly replicas: number };
}

const deploymentOf = ({ metadata: { name, uid }, spec: { replicas } }: Site) => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: {
    name,
    namespace: "default",
    ownerReferences: [{ apiVersion: "web.example/v1", kind: "Site", name, uid, controller: true }],
  },
  spec: {
    replicas,
    selector: { matchLabels: { site: name } },
    template: { metadata: { labels: { site: name } }, spec: { containers: [{ name: "web", image: "web" }] } },
  },
});

/** Brings the deployment of a site in step, and says so in the site's status. */
async function reconcile(site: Site): Promise<void> {
  const { name } = site.metadata;
  const found = await deployments.send("GET", name);
  const wanted = deploymentOf(site);
  if (found.status === 404) assert.equal((await deployments.send("POST", "", wanted)).status, 201);
  else {
    const { metadata, spec } = found.object as unknown as Deployment;
    if (spec.replicas !== site.spec.replicas)
      await deployments.send("PUT", name, {
        ...found.object,
        metadata,
        spec: { ...spec, replicas: site.spec.replicas },
      });
  }
  if (site.status?.replicas === site.spec.replicas) return;
  const done = await sites.send("PUT", `${name}/status`, { ...site, status: { replicas: site.spec.replicas } });
  assert.ok([200, 409].includes(done.status), JSON.stringify(done.object));
}

it("a controller of custom objects keeps deployments in step", { timeout: 30_000 }, async () => {
  const lease = {
    apiVersion: "coordination.k8s.io/v1",
    kind: "Lease",
    metadata: { name: "leader", namespace: "default" },
    spec: { holderIdentity: "me", leaseDurationSeconds: 15, acquireTime: "2026-01-01T00:00:00.123456Z" },
  };
  const leader = await leases.send("POST", "", lease);
  assert.equal(leader.status, 201);
  assert.equal((leader.object["spec"] as { acquireTime: string }).acquireTime, "2026-01-01T00:00:00.123456Z");

  const seen: string[] = [];
  let wake = () => {};
  const note = (text: string) => {
    seen.push(text);
    wake();
  };
  const until = async (text: string) => {
    while (!seen.includes(text)) await new Promise<void>((resolve) => (wake = resolve));
  };
  let work: Promise<void> = Promise.resolve();
  const following = [
    sites.follow((type, object) => {
      if (type === "DELETED" || type === "BOOKMARK") return;
      const site = object as unknown as Site;
      if (site.status) note(`site ${site.status.replicas}`);
      work = work.then(() => reconcile(site));
    }, stopping.signal),
    deployments.follow((type, object) => {
      if (type === "BOOKMARK") return;
      const { metadata, spec } = object as unknown as Deployment;
      note(`deployment ${type} ${spec.replicas} of ${metadata.ownerReferences.length}`);
    }, stopping.signal),
  ];
  const site = { apiVersion: "web.example/v1", kind: "Site", metadata: { name: "shop" }, spec: { replicas: 2 } };
  assert.equal((await sites.send("POST", "", site)).status, 201);
  await until("deployment ADDED 2 of 1");
  await until("site 2");
  const patch = { "content-type": "application/merge-patch+json" };
  assert.equal((await sites.send("PATCH", "shop", { spec: { replicas: 3 } }, patch)).status, 200);
  await until("deployment MODIFIED 3 of 1");
  await until("site 3");
  await work;
  stopping.abort();
  await Promise.all(following);
});

it("refusals of built-in kinds are protobuf, those of custom kinds JSON", async () => {
  const stale = await deployments.send("GET", "shop");
  assert.equal(stale.type, PROTOBUF);
  const old = { ...stale.object, metadata: { ...(stale.object["metadata"] as object), resourceVersion: "1" } };
  const conflict = await deployments.send("PUT", "shop", old);
  assert.deepEqual([conflict.status, conflict.object["reason"], conflict.type], [409, "Conflict", PROTOBUF]);
  const missing = await sites.send("GET", "none");
  assert.deepEqual([missing.status, missing.object["reason"], missing.type], [404, "NotFound", "application/json"]);
});

it("custom kinds have no protobuf: JSON is given where it is taken too, and told where it is not", async () => {
  const ask = (accept: string, more: { method?: string; body?: Uint8Array; type?: string } = {}) =>
    server.overHttps.request({
      method: more.method ?? "GET",
      path: SITES,
      headers: { accept, ...(more.type && { "content-type": more.type }) },
      ...(more.body && { body: more.body }),
    });
  const both = await ask(`${PROTOBUF},application/json`);
  assert.deepEqual([both.status, both.headers["content-type"]], [200, "application/json"]);
  assert.equal((await ask(PROTOBUF)).status, 406);
  const body = protobuf("api.apps.v1.Deployment").encode({ apiVersion: "web.example/v1", kind: "Site" });
  assert.equal((await ask("application/json", { method: "POST", type: PROTOBUF, body })).status, 415);
  const metadataOnly = `${PROTOBUF};as=PartialObjectMetadataList;g=meta.k8s.io;v=v1`;
  const partial = await ask(metadataOnly);
  assert.deepEqual([partial.status, partial.headers["content-type"]], [200, PROTOBUF]);
});

it("events are told as protobuf", async () => {
  const told = await events.send("POST", "", {
    apiVersion: "events.k8s.io/v1",
    kind: "Event",
    metadata: { name: "shop.1", namespace: "default" },
    eventTime: "2026-01-01T00:00:00.000001Z",
    reportingController: "web.example/sites",
    reportingInstance: "me",
    action: "Scaled",
    reason: "Scaled",
    type: "Normal",
    regarding: { apiVersion: "web.example/v1", kind: "Site", name: "shop", namespace: "default" },
    note: "The deployment is in step",
  } satisfies PlainObject);
  assert.equal(told.status, 201, JSON.stringify(told.object));
  assert.equal(told.type, PROTOBUF);
});
