/** Lists in chunks: each no larger than asked for, all of one moment. */
import assert from "node:assert/strict";
import { podtemplates } from "@kubets/api/generated/refs";
import { behaviour } from "../behaviour.ts";
import type { BehaviourContext } from "../context.ts";

const COUNT = 400;

async function makeMany(t: BehaviourContext): Promise<void> {
  const make = (i: number) =>
    t.client.create(podtemplates, {
      metadata: { namespace: t.namespace, name: `template-${String(i).padStart(4, "0")}` },
      template: { spec: { containers: [{ name: "c", image: t.images.pause }] } },
    });
  for (let at = 0; at < COUNT; at += 20) await Promise.all(Array.from({ length: 20 }, (_, i) => make(at + i)));
}

interface Chunk {
  readonly metadata: {
    readonly resourceVersion: string;
    readonly continue?: string;
    readonly remainingItemCount?: number;
  };
  readonly items: readonly { readonly metadata: { readonly name: string } }[];
}

async function chunk(t: BehaviourContext, limit: number, token = ""): Promise<Chunk> {
  const query = new URLSearchParams({ limit: String(limit), ...(token && { continue: token }) }).toString();
  const answer = await t.request("GET", `/api/v1/namespaces/${t.namespace}/podtemplates?${query}`);
  assert.equal(answer.status, 200, answer.text);
  return answer.json as Chunk;
}

behaviour(
  "[sig-api-machinery] Servers with support for API chunking should return chunks of results for list calls [Conformance]",
  { on: "api" },
  async (t) => {
    await makeMany(t);
    const names: string[] = [];
    let token = "";
    let revision: string | undefined;
    do {
      const limit = 17;
      const { metadata, items } = await chunk(t, limit, token);
      assert.ok(items.length <= limit);
      revision ??= metadata.resourceVersion;
      assert.equal(metadata.resourceVersion, revision);
      names.push(...items.map((item) => item.metadata.name));
      if (metadata.continue) assert.equal(metadata.remainingItemCount, COUNT - names.length);
      token = metadata.continue ?? "";
    } while (token);
    assert.equal(new Set(names).size, COUNT);
    const whole = await chunk(t, 0);
    assert.deepEqual(
      whole.items.map(({ metadata }) => metadata.name),
      names,
    );
    assert.equal(whole.metadata.continue, undefined);
  },
);
