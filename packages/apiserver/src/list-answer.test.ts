/** Lists as they go over a socket. */
import assert from "node:assert/strict";
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import https from "node:https";
import { test } from "node:test";
import { configmaps } from "@kubets/api/generated/refs";
import { createClient } from "@kubets/client/typed-client";
import { startSocketServer } from "./testing/socket-server.ts";

const PATH = "/api/v1/namespaces/default/configmaps";
const MANY = 400;

test("a list that is put together in turns is the same for all who ask at once, and what its pages are", async (t) => {
  const { port, server, close } = await startSocketServer();
  t.after(close);
  const client = createClient(server.transport({ name: "admin", groups: ["system:masters"] }));
  for (let i = 0; i < MANY; i++)
    await client.create(configmaps, { metadata: { namespace: "default", name: `c${i}` }, data: { a: `é${i}` } });
  const ask = async (path: string) => {
    const headers = { authorization: "Bearer root" };
    const request = https.get({ port, path, headers, rejectUnauthorized: false });
    const [answer] = (await once(request, "response")) as [IncomingMessage];
    return Buffer.concat(await answer.toArray()).toString();
  };
  const [one, ...others] = await Promise.all(Array.from({ length: 4 }, () => ask(PATH)));
  // Something else may be written meanwhile, which the list's own revision tells of.
  const itemsOf = (text = "") => text.slice(text.indexOf('"items"'));
  for (const other of others) assert.equal(itemsOf(other), itemsOf(one));
  const pages: unknown[] = [];
  for (let token = ""; ; ) {
    const page = JSON.parse(await ask(`${PATH}?limit=90${token && `&continue=${token}`}`)) as List;
    pages.push(...page.items);
    token = page.metadata.continue ?? "";
    if (!token) break;
  }
  const { items } = JSON.parse(one as string) as List;
  assert.equal(items.length, MANY);
  assert.deepEqual(items, pages);
});

interface List {
  readonly metadata: { readonly continue?: string };
  readonly items: readonly unknown[];
}
