import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { configmaps, namespaces } from "@kubets/api/generated/refs";
import type { Transport } from "@kubets/client/transport";
import { startTestServer } from "../testing/server.ts";

let server: Awaited<ReturnType<typeof startTestServer>>;
let transport: Transport;
before(async () => {
  server = await startTestServer();
  transport = server.server.transport({ name: "admin", groups: ["system:masters"] });
});
after(() => server.close());

interface List {
  readonly metadata: { readonly resourceVersion: string; readonly continue?: string };
  readonly items: readonly { readonly metadata: { readonly name: string } }[];
}

async function page(query: Record<string, string>) {
  const path = `/api/v1/namespaces/kube-public/configmaps?${new URLSearchParams(query)}`;
  const response = await transport.request({ method: "GET", path });
  return { status: response.status, list: response.object?.() as List };
}

test("a list whose history is gone goes on with what there is now, if the client wants that", async () => {
  for (const name of ["a", "b", "c"])
    await server.admin.create(configmaps, { metadata: { namespace: "kube-public", name } });
  const first = await page({ limit: "1" });
  const old = first.list.metadata.continue as string;
  await server.admin.create(configmaps, { metadata: { namespace: "kube-public", name: "bb" } });
  const { storage } = server.server.context.feed;
  await storage.compact(server.server.context.feed.revision);

  const refused = await page({ limit: "1", continue: old });
  assert.equal(refused.status, 410);
  const going = refused.list.metadata.continue as string;
  const second = await page({ limit: "2", continue: going });
  assert.equal(second.status, 200);
  assert.deepEqual(
    second.list.items.map(({ metadata }) => metadata.name),
    ["b", "bb"],
  );
  assert.ok(Number(second.list.metadata.resourceVersion) > Number(first.list.metadata.resourceVersion));
  const last = await page({ limit: "2", continue: second.list.metadata.continue as string });
  assert.deepEqual(
    last.list.items.map(({ metadata }) => metadata.name),
    ["c"],
  );
});

test("a token of a moment that is gone is refused, though nothing changed since", async () => {
  for (const name of ["x", "y"])
    await server.admin.create(configmaps, { metadata: { namespace: "kube-node-lease", name } });
  const path = (query: Record<string, string>) =>
    `/api/v1/namespaces/kube-node-lease/configmaps?${new URLSearchParams(query)}`;
  const ask = async (query: Record<string, string>) => {
    const response = await transport.request({ method: "GET", path: path(query) });
    return { status: response.status, list: response.object?.() as List };
  };
  const first = await ask({ limit: "1" });
  const token = first.list.metadata.continue as string;
  assert.equal((await ask({ limit: "1", continue: token })).status, 200);
  await server.admin.create(namespaces, { metadata: { name: "something-else" } });
  const { storage, revision } = server.server.context.feed;
  await storage.compact(revision);
  const refused = await ask({ limit: "1", continue: token });
  assert.equal(refused.status, 410);
  assert.equal((await ask({ limit: "1", continue: refused.list.metadata.continue as string })).status, 200);
  const { resourceVersion } = first.list.metadata;
  assert.equal((await ask({ resourceVersion, resourceVersionMatch: "Exact" })).status, 410);
});

test("a token that this server did not give is refused with what is wrong with it", async () => {
  const told = async (token: string) => {
    const { status, list } = await page({ limit: "1", continue: token });
    return `${status} ${(list as unknown as { message: string }).message}`;
  };
  const refused = "400 invalid continue token: continue key is not valid";
  const of = (token: object) => Buffer.from(JSON.stringify(token)).toString("base64url");
  const v = "meta.k8s.io/v1";
  assert.equal(await told("ab$c"), `${refused}: illegal base64 data at input byte 2`);
  assert.equal(await told("e30"), `${refused}: server does not recognize this encoded version`);
  assert.equal(
    await told(of({ v, start: "a" })),
    `${refused}: incorrect encoded start resourceVersion (version meta.k8s.io/v1)`,
  );
  assert.equal(await told(of({ v, rv: 1 })), `${refused}: encoded start key empty (version meta.k8s.io/v1)`);
  assert.match(await told("aGVsbG8"), /: invalid character 'h' looking for beginning of value$/);
});
