/** What clients send and are sent in each encoding, over a socket. */
import assert from "node:assert/strict";
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import https from "node:https";
import { after, describe, it } from "node:test";
import { decodeEnvelope, decodeProtobuf } from "@kubets/api/codec/protobuf";
import { structOf } from "@kubets/api/schema";
import { expired } from "@kubets/machinery";
import { parseCbor, writeCbor } from "@kubets/machinery/cbor";
import { toYaml } from "@kubets/machinery/yaml";
import { startSocketServer } from "./testing/socket-server.ts";
import { errorFrame } from "./verbs/watch-form.ts";

type Headers = Readonly<Record<string, string>>;
const PODS = "/api/v1/namespaces/default/configmaps";
const CBOR = { accept: "application/cbor", "content-type": "application/cbor" };

function clientOf(port: number) {
  const agent = new https.Agent({ rejectUnauthorized: false, keepAlive: false });
  const open = async (method: string, path: string, headers: Headers = {}, body?: Uint8Array | string) => {
    const length = body === undefined ? {} : { "content-length": Buffer.byteLength(body) };
    const request = https.request({
      port,
      method,
      path,
      agent,
      headers: { authorization: "Bearer root", ...length, ...headers },
    });
    request.end(body);
    const [answer] = (await once(request, "response")) as [IncomingMessage];
    return answer;
  };
  const ask = async (...question: Parameters<typeof open>) => {
    const answer = await open(...question);
    const parts: Buffer[] = [];
    for await (const part of answer) parts.push(part as Buffer);
    return { status: answer.statusCode, type: answer.headers["content-type"], bytes: Buffer.concat(parts) };
  };
  return { open, ask };
}

const named = (name: string, data: object = {}) => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name, namespace: "default" },
  data,
});

/** Reads a stream until it holds a text. */
async function readUntil(stream: IncomingMessage, text: string): Promise<Buffer> {
  let all = Buffer.alloc(0);
  for await (const part of stream) {
    all = Buffer.concat([all, part as Buffer]);
    if (all.includes(text)) break;
  }
  stream.destroy();
  return all;
}

describe("CBOR, switched on", async () => {
  const { port, close } = await startSocketServer({ gates: ["CBORServingAndStorage"] });
  after(close);
  const { ask, open } = clientOf(port);
  const asCbor = async (method: string, path: string, body?: unknown, headers: Headers = {}) => {
    const sent = body === undefined ? undefined : body instanceof Uint8Array ? body : writeCbor(body);
    const { bytes, ...answer } = await ask(method, path, { ...CBOR, ...headers }, sent);
    return { ...answer, object: parseCbor(bytes) as Record<string, unknown> };
  };

  it("is taken and given for objects, lists, tables, metadata and errors", async () => {
    const created = await asCbor("POST", PODS, named("a", { key: "välue", __proto__: "x" }));
    assert.deepEqual(
      [created.status, created.type, created.object["data"]],
      [201, "application/cbor", { key: "välue" }],
    );
    const read = await asCbor("GET", `${PODS}/a`);
    assert.deepEqual(read.object, created.object);
    const list = await asCbor("GET", PODS);
    assert.equal(list.object["kind"], "ConfigMapList");
    const as = (kind: string) => ({ accept: `application/cbor;as=${kind};v=v1;g=meta.k8s.io` });
    assert.equal((await asCbor("GET", PODS, undefined, as("Table"))).object["kind"], "Table");
    const metadata = await asCbor("GET", `${PODS}/a`, undefined, as("PartialObjectMetadata"));
    assert.deepEqual([metadata.object["kind"], metadata.object["data"]], ["PartialObjectMetadata", undefined]);
    const missing = await asCbor("GET", `${PODS}/none`);
    assert.deepEqual([missing.status, missing.object["reason"]], [404, "NotFound"]);
  });

  it("is taken by applies, of which the fields are owned, and by deletes", async () => {
    const type = { "content-type": "application/apply-patch+cbor" };
    const applied = await asCbor("PATCH", `${PODS}/applied?fieldManager=me`, named("applied", { a: "1" }), type);
    assert.equal(applied.status, 201);
    const metadata = applied.object["metadata"] as { managedFields: { fieldsV1: object }[] };
    assert.deepEqual(metadata.managedFields[0]?.fieldsV1, { "f:data": { "f:a": {} } });
    const options = { kind: "DeleteOptions", apiVersion: "v1", preconditions: { uid: "other" } };
    assert.equal((await asCbor("DELETE", `${PODS}/applied`, options)).status, 409);
    assert.equal((await asCbor("DELETE", `${PODS}/applied`, { ...options, preconditions: {} })).status, 200);
  });

  it("is watched as a sequence of items", async () => {
    const answer = await open("GET", `${PODS}?watch=1`, CBOR);
    assert.equal(answer.headers["content-type"], "application/cbor-seq");
    await asCbor("POST", PODS, named("seen"));
    const bytes = await readUntil(answer, "seen");
    const second = bytes.lastIndexOf(Buffer.from("d9d9f7", "hex"));
    const event = parseCbor(bytes.subarray(second)) as { type: string; object: { metadata: { name: string } } };
    assert.deepEqual([event.type, event.object.metadata.name], ["ADDED", "seen"]);
  });

  it("keeps every digit of large integers", async () => {
    const lease = {
      apiVersion: "v1",
      kind: "Event",
      metadata: { name: "e", namespace: "default", generation: 9007199254740993n },
      involvedObject: { namespace: "default", name: "x" },
      reason: "r",
      count: 1,
    };
    const created = await asCbor("POST", "/api/v1/namespaces/default/events?fieldValidation=Strict", lease);
    assert.equal(created.status, 201);
    const generation = (created.object["metadata"] as { generation: bigint }).generation;
    assert.equal(generation, 9007199254740993n);
  });

  const refused: [string, Uint8Array][] = [
    ["nothing", Buffer.alloc(0)],
    ["half a body", writeCbor(named("x")).subarray(0, 40)],
    ["members that stand twice", Buffer.from("a2446b696e6443506f64446b696e6443506f64", "hex")],
    ["nesting without end", Buffer.from("81".repeat(100_000), "hex")],
    ["a number", Buffer.from("01", "hex")],
    ["text that is none", Buffer.from("a161ff01", "hex")],
    ["JSON", Buffer.from(JSON.stringify(named("x")))],
  ];
  for (const [what, bytes] of refused)
    it(`${what} as a body is a bad request`, async () => {
      const { status, object } = await asCbor("POST", PODS, bytes);
      assert.deepEqual([status, object["reason"]], [400, "BadRequest"], JSON.stringify(object));
      const patch = await asCbor("PATCH", `${PODS}/x?fieldManager=me`, bytes, {
        "content-type": "application/apply-patch+cbor",
      });
      assert.equal(patch.status, 400, JSON.stringify(patch.object));
    });
});

describe("encodings as they are by default", async () => {
  const { port, close } = await startSocketServer();
  after(close);
  const { ask, open } = clientOf(port);

  it("do not know CBOR", async () => {
    assert.equal((await ask("GET", PODS, { accept: "application/cbor" })).status, 406);
    assert.equal((await ask("GET", PODS, { accept: "application/cbor, application/json" })).type, "application/json");
    assert.equal((await ask("POST", PODS, { "content-type": "application/cbor" }, writeCbor(named("a")))).status, 415);
    const type = { "content-type": "application/apply-patch+cbor" };
    assert.equal((await ask("PATCH", `${PODS}/a?fieldManager=me`, type, writeCbor(named("a")))).status, 415);
  });

  it("watch metadata in protobuf, and say so", async () => {
    const accept = "application/vnd.kubernetes.protobuf;as=PartialObjectMetadata;v=v1;g=meta.k8s.io";
    const answer = await open("GET", `${PODS}?watch=1`, { accept });
    assert.equal(answer.headers["content-type"], "application/vnd.kubernetes.protobuf;stream=watch");
    await ask("POST", PODS, { "content-type": "application/json" }, JSON.stringify(named("seen")));
    const bytes = await readUntil(answer, "seen");
    const envelope = decodeEnvelope(bytes.subarray(bytes.lastIndexOf("k8s\0")));
    assert.equal(envelope.kind, "PartialObjectMetadata");
  });

  it("tell the end of a watch in its encoding", () => {
    const form = { media: "protobuf", pretty: false, key: "protobuf" } as const;
    const bytes = Buffer.from(errorFrame({ form }, expired("too old resource version: 1 (5)").status, "stream").bytes);
    const envelope = decodeEnvelope(bytes.subarray(bytes.indexOf("k8s\0")));
    assert.equal(envelope.kind, "Status");
    const status = decodeProtobuf(structOf("apimachinery.pkg.apis.meta.v1.Status"), envelope) as { code?: number };
    assert.equal(status.code, 410);
  });

  it("put lists together of their items as if they were written whole", async () => {
    for (const name of ["list-a", "list-b"]) {
      const body = JSON.stringify({ ...named(name), metadata: { name, labels: { in: "list" } } });
      await ask("POST", PODS, { "content-type": "application/json" }, body);
    }
    const list = `${PODS}?labelSelector=in%3Dlist`;
    const text = async (accept: string, query = "") => (await ask("GET", list + query, { accept })).bytes.toString();
    const plain = JSON.parse(await text("application/json")) as { items: object[] };
    assert.equal(plain.items.length, 2);
    assert.equal(await text("application/json", "&pretty=true"), JSON.stringify(plain, null, 2));
    assert.equal(await text("application/yaml"), toYaml(plain));
    const partial = (media: string) => `${media};as=PartialObjectMetadataList;v=v1;g=meta.k8s.io`;
    const metadata = JSON.parse(await text(partial("application/json"))) as object;
    assert.equal(await text(partial("application/yaml")), toYaml(metadata));
    const table = JSON.parse(await text("application/json;as=Table;v=v1;g=meta.k8s.io")) as { rows: object[] };
    assert.equal(table.rows.length, 2);
    const { bytes } = await ask("GET", list, { accept: partial("application/vnd.kubernetes.protobuf") });
    assert.equal(decodeEnvelope(bytes).kind, "PartialObjectMetadataList");
  });

  it("have no stream of YAML", async () => {
    const { status, bytes } = await ask("GET", `${PODS}?watch=1`, { accept: "application/yaml" });
    assert.equal(status, 406, bytes.toString());
  });
});
