/**
 * Whatever a client sends, the server answers, and never with an error of its own: objects of every kind, in every version, bare and filled at random with what
 * is right, nearly right and wrong, by every verb and in every encoding. KUBETS_SEED and KUBETS_ROUNDS, which are told,
 * choose the chance and how often each kind is filled: by the same ones the same is sent again.
 */
import assert from "node:assert/strict";
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import https from "node:https";
import { test } from "node:test";
import { builtInResources, resourcesOnRequest } from "@kubets/api/all";
import { encodeKnown } from "@kubets/api/codec/protobuf";
import type { ResourceDefinition } from "@kubets/api/resource";
import { groupVersion } from "@kubets/api/resource-ref";
import type { Struct, TypeRef } from "@kubets/api/schema";
import { seededRandom } from "@kubets/machinery";
import { writeCbor } from "@kubets/machinery/cbor";
import type { ReadonlyJson } from "@kubets/machinery/json-value";
import { startSocketServer } from "./testing/socket-server.ts";

const SEED = Number(process.env.KUBETS_SEED ?? 20);
const ROUNDS = Number(process.env.KUBETS_ROUNDS ?? 3);
const GATES = ["GenericWorkload", "CoordinatedLeaderElection", "DRAResourcePoolStatus", "CBORServingAndStorage"];
/** What the original answers with a status of its own making, too: objects that are to be applied and cannot be typed. */
const AS_THE_ORIGINAL = /failed to create typed patch object|failed to convert|failed to create manager/;

const random = seededRandom(SEED);
const int = (below: number) => Math.floor(random.float() * below);
const pick = <T>(list: readonly T[]): T => list[int(list.length)] as T;
const chance = (part: number) => random.float() < part;

const ODD: readonly unknown[] = JSON.parse(
  `[null, [], {}, "", 0, -1, 1e308, 1.5, true, "x", [null], {"a": {"b": []}}, [[[]]], "-5", "2024-01-01T00:00:00Z", {"__proto__": {"a": 1}, "constructor": 1},
    "\\u0000", "${"a".repeat(300)}", "10.0.0.0/8", "::1", "a/b", "*"]`,
) as unknown[];
const TEXTS = [
  "a",
  "b",
  "default",
  "kube-system",
  "x.example.com/y",
  "system:a",
  "Always",
  "Foo",
  "80",
  "1Gi",
  "v1",
  "",
  "a=b",
];
const SCALARS: Readonly<Record<string, readonly unknown[]>> = {
  bool: [true, false],
  int32: [0, 1, -1, 80, 2 ** 31 - 1, -(2 ** 31)],
  int64: [0, 1, -1, 2 ** 40],
  double: [0, 1.5],
  bytes: ["", "YQ==", "not base64"],
  quantity: ["1", "100m", "-1", "1Ei", "x"],
  time: ["2024-01-01T00:00:00Z", "yesterday", null],
  microtime: ["2024-01-01T00:00:00.000001Z", ""],
  duration: ["1s", "x"],
  intOrString: [1, "50%", "x", -1],
};

function valueOf(type: TypeRef, depth: number): unknown {
  if (chance(0.04)) return pick(ODD);
  switch (type.kind) {
    case "scalar":
      return pick(SCALARS[type.scalar] ?? TEXTS);
    case "struct":
      return objectOf(type.struct, depth);
    case "list":
      return Array.from({ length: int(3) }, () => valueOf(type.item, depth));
    case "map":
      return Object.fromEntries(Array.from({ length: int(3) }, () => [pick(TEXTS), valueOf(type.value, depth)]));
    default:
      return pick(ODD);
  }
}

function objectOf({ fields }: Struct, depth = 0): object {
  const part = depth > 6 ? 0.1 : 0.5;
  const given = fields.filter(({ name, required }) => (required ? !chance(0.1) : chance(part)) && name !== "status");
  return Object.fromEntries(given.map(({ name, type }) => [name, valueOf(type, depth + 1)]));
}

function bodyOf(definition: ResourceDefinition): object {
  const object = objectOf(definition.schema) as Record<string, unknown>;
  const metadata = chance(0.8) ? { name: pick(["a", "b"]) } : object["metadata"];
  return { ...object, ...bareOf(definition), ...(chance(0.95) && { metadata }) };
}

const bareOf = (definition: ResourceDefinition) => ({ apiVersion: groupVersion(definition), kind: definition.kind });

const POINTERS = [
  "/spec",
  "/metadata/name",
  "/metadata/labels/a",
  "/spec/x/-",
  "/-",
  "",
  "x",
  "/spec/containers/0",
  "/__proto__/a",
];
const jsonPatch = () =>
  Array.from({ length: int(4) }, () => ({
    op: pick(["add", "remove", "replace", "move", "copy", "test", "nope", 1]),
    path: pick(POINTERS),
    ...(chance(0.6) && { value: pick(ODD) }),
    ...(chance(0.3) && { from: pick(POINTERS) }),
  }));

type Sent = readonly [method: string, type: string, body: Uint8Array];

function sent(body: object): Sent[] {
  const json = Buffer.from(JSON.stringify(body));
  const cut = json.subarray(0, int(json.length));
  const all: Sent[] = ["POST", "PUT", "DELETE"].map((method) => [method, "application/json", json]);
  all.push(["POST", "application/json", cut], ["POST", "application/yaml", cut], ["POST", "application/cbor", cut]);
  for (const kind of ["merge-patch+json", "strategic-merge-patch+json", "apply-patch+yaml"])
    all.push(["PATCH", `application/${kind}`, json]);
  all.push(["PATCH", "application/json-patch+json", Buffer.from(JSON.stringify(jsonPatch()))]);
  all.push(["POST", "application/cbor", writeCbor(body as ReadonlyJson)]);
  const message = messageOf(body);
  if (message) {
    message[int(message.length)] = int(256);
    all.push(["POST", "application/vnd.kubernetes.protobuf", message]);
  }
  return all;
}

function messageOf(body: object): Buffer | undefined {
  try {
    return encodeKnown(body);
  } catch {
    return undefined; // A value of the wrong type has no message.
  }
}

test("no object of any kind, however wrong, makes the server fail", { timeout: 30_000 * (ROUNDS + 1) }, async (t) => {
  t.diagnostic(`KUBETS_SEED=${SEED} KUBETS_ROUNDS=${ROUNDS}`);
  const server = await startSocketServer({ gates: GATES, runtimeConfig: ["api/all"] });
  const agent = new https.Agent({ keepAlive: true, rejectUnauthorized: false });
  const ask = async (method: string, path: string, type: string, body: Uint8Array) => {
    const headers = { authorization: "Bearer root", "content-type": type, "content-length": body.length };
    const request = https.request({ port: server.port, method, path, agent, headers });
    request.end(body);
    const [answer] = (await once(request, "response")) as [IncomingMessage];
    return { status: answer.statusCode ?? 0, text: String(Buffer.concat(await answer.toArray())) };
  };
  try {
    let taken = 0;
    for (const definition of [...builtInResources, ...resourcesOnRequest]) {
      const root = definition.group ? `/apis/${groupVersion(definition)}` : `/api/${definition.version}`;
      const list = `${root}${definition.namespaced ? "/namespaces/default" : ""}/${definition.resource}`;
      const parts = ["", ...Object.keys(definition.subresources ?? {}).map((name) => `/${name}`)];
      for (let round = 0; round <= ROUNDS; round++)
        for (const [method, type, body] of sent(round === 0 ? bareOf(definition) : bodyOf(definition))) {
          const one = `${list}/${pick(["a", "b"])}${pick(parts)}?fieldManager=m&force=true`;
          const url = method === "POST" && chance(0.8) ? list : one;
          const { status, text } = await ask(method, url, type, body);
          if (status < 300) taken++;
          assert.ok(
            status < 500 || [501, 503].includes(status) || AS_THE_ORIGINAL.test(text),
            `${method} ${url} as ${type}:\n${Buffer.from(body)}\n${status} ${text}`,
          );
        }
    }
    assert.ok(taken > 15 * ROUNDS, `only ${taken} were taken: what is sent is too wrong to reach far`);
  } finally {
    agent.destroy();
    await server.close();
  }
});
