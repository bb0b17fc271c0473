/** What is answered of a shard, in each form and on each road: over sockets. */
import assert from "node:assert/strict";
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import https from "node:https";
import { after, before, describe, it } from "node:test";
import { decodeEnvelope, decodeProtobuf } from "@kubets/api/codec/protobuf";
import { configmaps } from "@kubets/api/generated/refs";
import type { ConfigMap } from "@kubets/api/generated/types/core-v1";
import { structOf } from "@kubets/api/schema";
import { createClient } from "@kubets/client/typed-client";
import { parseCbor } from "@kubets/machinery/cbor";
import { evenShard, hasObject, shardHash, shardSelectorText } from "@kubets/machinery/shard-selector";
import { parseYaml } from "@kubets/machinery/yaml";
import { openWebSocket } from "@kubets/wire/websocket";
import { startSocketServer } from "./testing/socket-server.ts";

const PATH = "/api/v1/namespaces/default/configmaps";
const HEADERS = { authorization: "Bearer root", origin: "https://dashboard.example" };
const shard = evenShard(1, 2);
const selector = shardSelectorText(shard);
const ASKED = `shardSelector=${encodeURIComponent(selector)}`;

interface List {
  readonly kind: string;
  readonly metadata: { readonly resourceVersion: string; readonly shardInfo?: { readonly selector: string } };
  readonly items?: readonly unknown[];
  readonly rows?: readonly unknown[] | null;
}

const json = (bytes: Buffer) => JSON.parse(bytes.toString()) as List;
const protobuf = (struct: string) => (bytes: Buffer) =>
  decodeProtobuf(structOf(struct), decodeEnvelope(bytes)) as unknown as List;
const META = "as=PartialObjectMetadataList;v=v1;g=meta.k8s.io";
const PROTOBUF = "application/vnd.kubernetes.protobuf";
const FORMS: readonly (readonly [accept: string, read: (bytes: Buffer) => List])[] = [
  ["application/json", json],
  ["application/json;as=Table;v=v1;g=meta.k8s.io", json],
  [`application/json;${META}`, json],
  ["application/yaml", (bytes) => parseYaml(bytes.toString()) as unknown as List],
  ["application/cbor", (bytes) => parseCbor(bytes) as unknown as List],
  [PROTOBUF, protobuf("api.core.v1.ConfigMapList")],
  [`${PROTOBUF};${META}`, protobuf("apimachinery.pkg.apis.meta.v1.PartialObjectMetadataList")],
];

describe("of a shard", () => {
  let server: Awaited<ReturnType<typeof startSocketServer>>;
  let all: ConfigMap[];
  let mine: ConfigMap[];
  before(async () => {
    server = await startSocketServer({ gates: ["ShardedListAndWatch", "CBORServingAndStorage"] });
    const client = createClient(server.server.transport({ name: "admin", groups: ["system:masters"] }));
    const make = (name: string) => client.create(configmaps, { metadata: { namespace: "default", name } });
    all = await Promise.all(Array.from({ length: 16 }, (_, i) => make(`c${i}`)));
    mine = all.filter((object) => hasObject(shard, object));
    assert.ok(mine.length > 0 && mine.length < all.length);
  });
  after(() => server.close());

  async function ask(accept: string, query: string): Promise<Buffer> {
    const headers = { ...HEADERS, accept };
    const { port } = server;
    const request = https.get({ port, path: `${PATH}?${query}`, headers, rejectUnauthorized: false, agent: false });
    const [answer] = (await once(request, "response")) as [IncomingMessage];
    return Buffer.concat(await answer.toArray());
  }

  for (const [accept, read] of FORMS)
    it(`a list as ${accept} says which one it is, also an empty one and one that is laid out for people`, async () => {
      const countOf = ({ items, rows }: List) => (items ?? rows ?? []).length;
      const list = read(await ask(accept, ASKED));
      assert.deepEqual([countOf(list), list.metadata.shardInfo], [mine.length, { selector }]);
      const pretty = read(await ask(accept, `${ASKED}&pretty=1`));
      assert.deepEqual([countOf(pretty), pretty.metadata.shardInfo], [mine.length, { selector }]);
      const empty = read(await ask(accept, `${ASKED}&labelSelector=none`));
      assert.deepEqual([countOf(empty), empty.metadata.shardInfo], [0, { selector }]);
      const whole = read(await ask(accept, ""));
      assert.deepEqual([countOf(whole), whole.metadata.shardInfo], [all.length, undefined]);
    });

  it("lists that begin alike and are as long are not taken for each other", async () => {
    const [first, second, third] = all.toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
    const only = (...objects: (ConfigMap | undefined)[]) => {
      const ranges = objects.flatMap((object) => rangeOf(object?.metadata.uid ?? ""));
      return `shardSelector=${encodeURIComponent(shardSelectorText({ field: "object.metadata.uid", ranges }))}`;
    };
    const answers = await Promise.all(
      [only(first, second), only(first, third)].map((query) => ask("application/json", query)),
    );
    const uids = answers.map((bytes) => (json(bytes).items as ConfigMap[]).map(({ metadata }) => metadata.uid));
    assert.deepEqual(uids, [
      [first?.metadata.uid, second?.metadata.uid],
      [first?.metadata.uid, third?.metadata.uid],
    ]);
  });

  it("a watch over WebSocket tells what is of it", async () => {
    const url = `wss://127.0.0.1:${server.port}${PATH}?watch=1&timeoutSeconds=1&${ASKED}`;
    const socket = await openWebSocket({ url, protocols: [], headers: HEADERS, insecureSkipVerify: true });
    const names: string[] = [];
    socket.on("message", (data: Buffer) => {
      const { type, object } = JSON.parse(data.toString()) as { type: string; object: ConfigMap };
      names.push(`${type} ${object.metadata.name}`);
    });
    await new Promise((resolve) => socket.on("close", resolve));
    assert.deepEqual(names.sort(), mine.map(({ metadata }) => `ADDED ${metadata.name}`).sort());
  });
});

/** Nothing but one object's hash. */
function rangeOf(uid: string) {
  const start = shardHash(uid);
  return { start, end: `0x${(BigInt(start) + 1n).toString(16).padStart(16, "0")}` };
}
