/** Storage that the original filled, with its values under its keys, is served: every stored kind, as protobuf and as JSON, from each driver. */
import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { builtInResources } from "@kubets/api/all";
import type { ResourceDefinition } from "@kubets/api/resource";
import { groupVersion } from "@kubets/api/resource-ref";
import type { Transport } from "@kubets/client";
import { realClock, silentLogger } from "@kubets/machinery";
import { openEmbeddedStorage, type Storage } from "@kubets/storage";
import { startApiServer } from "../api-server.ts";
import { sharedFolder, whyNoShared } from "../shared-folder.ts";
import { connected, startEtcd, whyNoEtcd } from "../storage/etcd-cluster.ts";

const skip = whyNoShared("facts/golden");

describe("values of the original", { skip }, () => {
  for (const form of ["pb", "json"] as const) {
    it(`are served from the embedded store, written as ${form}`, async () => {
      const folder = mkdtempSync(join(tmpdir(), "kubets-original-"));
      try {
        await serveValues(form, await openEmbeddedStorage({ folder, clock: realClock, logger: silentLogger }));
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    });

    it(`are served from etcd, written as ${form}`, { skip: whyNoEtcd() ?? false }, async () => {
      const etcd = await startEtcd(1);
      try {
        await serveValues(form, await connected(etcd));
      } finally {
        await etcd.remove();
      }
    });
  }
});

interface Value {
  readonly definition: ResourceDefinition;
  readonly object: { metadata: { name: string; namespace: string } };
  readonly bytes: Buffer;
}

async function serveValues(form: "pb" | "json", storage: Storage): Promise<void> {
  const values = valuesIn(form);
  assert.ok(values.length >= 55, `only ${values.length} values were found`);
  for (const value of values) await storage.commit({ key: keyOf(value), value: () => value.bytes });
  const server = await startApiServer(storage);
  try {
    for (const value of values) await check(value, server.overHttps);
  } finally {
    await server.stop();
  }
}

/** One value of each kind that is stored in its own version. */
function valuesIn(form: "pb" | "json"): Value[] {
  const folder = join(sharedFolder as string, "facts/golden");
  const files = new Set(readdirSync(folder));
  return builtInResources.flatMap((definition): Value[] => {
    if (definition.hub || definition.isComputed || !definition.verbs.includes("list")) return [];
    const name = `${definition.group || "core"}.${definition.version}.${definition.kind}`;
    if (!files.has(`${name}.${form}`)) return [];
    const object = JSON.parse(readFileSync(join(folder, `${name}.json`), "utf8")) as Value["object"];
    return [{ definition, object, bytes: readFileSync(join(folder, `${name}.${form}`)) }];
  });
}

function keyOf({ definition, object: { metadata } }: Value): string {
  const place = definition.namespaced ? `${metadata.namespace}/${metadata.name}` : metadata.name;
  return `${definition.storagePrefix}/${place}`;
}

async function check({ definition, object }: Value, transport: Transport): Promise<void> {
  const { name, namespace } = object.metadata;
  const what = `${definition.resource} of ${groupVersion(definition)}`;
  const root = definition.group ? `/apis/${groupVersion(definition)}` : "/api/v1";
  const collection = `${root}/${definition.namespaced ? `namespaces/${namespace}/` : ""}${definition.resource}`;
  const ask = async (path: string) => {
    const answer = await transport.request({ method: "GET", path });
    const body = JSON.parse(Buffer.from(await answer.bytes()).toString()) as Record<string, unknown>;
    assert.equal(answer.status, 200, `${what}: ${JSON.stringify(body)}`);
    return body;
  };
  const { kind, apiVersion, ...content } = withoutVersion(object) as Record<string, unknown>;
  assert.deepEqual(withoutVersion(await ask(`${collection}/${name}`)), { kind, apiVersion, ...content }, what);
  const { items } = (await ask(collection)) as { items: Value["object"][] };
  const listed = items.find(({ metadata }) => metadata.name === name);
  assert.ok(listed, `${what} does not list ${name}`);
  assert.deepEqual(withoutVersion(listed), content, what);
}

/** The revision is storage's own. */
function withoutVersion(object: object): object {
  const { metadata, ...rest } = object as { metadata: Record<string, unknown> };
  const { resourceVersion: _, ...kept } = metadata;
  return { ...rest, metadata: kept };
}
