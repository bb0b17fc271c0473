/** Lists as they go over a socket. */
import assert from "node:assert/strict";
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import https from "node:https";
import { test } from "node:test";
import { decodeEnvelope, decodeProtobuf } from "@kubets/api/codec/protobuf";
import { configmaps } from "@kubets/api/generated/refs";
import { structOf } from "@kubets/api/schema";
import { createClient } from "@kubets/client/typed-client";
import { parseCbor } from "@kubets/machinery/cbor";
import { parseYaml } from "@kubets/machinery/yaml";
import type { ResourceCache } from "./store/resource-cache.ts";
import { startSocketServer } from "./testing/socket-server.ts";

const PATH = "/api/v1/namespaces/default/configmaps";
const MANY = 400;

test("a list that is put together in turns is the same for all who ask at once, and what its pages are", async (t) => {
  const { port, server, close } = await startSocketServer({ gates: ["CBORServingAndStorage"] });
  t.after(close);
  const client = createClient(server.transport({ name: "admin", groups: ["system:masters"] }));
  for (let i = 0; i < MANY; i++)
    await client.create(configmaps, { metadata: { namespace: "default", name: `c${i}` }, data: { a: `é${i}` } });
  const askFor = async (accept: string, path = PATH) => {
    const headers = { authorization: "Bearer root", accept };
    const request = https.get({ port, path, headers, rejectUnauthorized: false });
    const [answer] = (await once(request, "response")) as [IncomingMessage];
    return Buffer.concat(await answer.toArray());
  };
  const ask = async (path: string) => (await askFor("application/json", path)).toString();
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

  // In other forms, too; what one is given is not given in another's form.
  const names = items.map(({ metadata }) => metadata.name);
  const cache = server.context.served.get("", "v1", "configmaps")?.store?.cache as ResourceCache;
  const { mock } = t.mock.method(cache.listBytes, "get");
  const forms = [PROTOBUF, PROTOBUF, "application/cbor", "application/yaml", PARTIAL];
  const asked = await Promise.all(forms.map((accept) => askFor(accept)));
  const given = await Promise.all(mock.calls.map(({ result }) => Promise.resolve(result)));
  assert.equal(new Set(given).size, forms.length - 1);
  const [protobuf, , cbor, yaml, partial] = asked as [Buffer, Buffer, Buffer, Buffer, Buffer];
  const decoded = decodeProtobuf(structOf("api.core.v1.ConfigMapList"), decodeEnvelope(protobuf)) as unknown;
  const { items: messages } = decoded as List;
  assert.deepEqual(
    messages.map(({ metadata }) => metadata.name),
    names,
  );
  assert.deepEqual((parseCbor(cbor) as unknown as List).items, items);
  assert.deepEqual((parseYaml(yaml.toString()) as unknown as List).items, items);
  const { items: bare } = JSON.parse(partial.toString()) as List;
  assert.deepEqual(Object.keys(bare[0] ?? {}), ["kind", "apiVersion", "metadata"]);
});

const PROTOBUF = "application/vnd.kubernetes.protobuf";
const PARTIAL = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";

interface List {
  readonly metadata: { readonly continue?: string };
  readonly items: readonly { readonly metadata: { readonly name: string } }[];
}
