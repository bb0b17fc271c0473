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

function page(t: BehaviourContext, limit: number, token = "") {
  const query = new URLSearchParams({ limit: String(limit), ...(token && { continue: token }) }).toString();
  return t.request("GET", `/api/v1/namespaces/${t.namespace}/podtemplates?${query}`);
}

async function chunk(t: BehaviourContext, limit: number, token = ""): Promise<Chunk> {
  const answer = await page(t, limit, token);
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

/** History is kept for five minutes by default, and goes at most so much later. */
const EXPIRES_WITHIN_MS = 11 * 60_000;

behaviour(
  "[sig-api-machinery] Servers with support for API chunking should support continue listing from the last key if the original version has been compacted away, though the list is inconsistent [Slow] [Conformance]",
  { on: "api", timeoutSeconds: EXPIRES_WITHIN_MS / 1000 + 60 },
  async (t) => {
    await makeMany(t);
    const limit = COUNT / 10;
    const first = await chunk(t, limit);
    assert.equal(first.items.length, limit);
    const token = first.metadata.continue as string;
    const refused = await t.eventually(
      "the token expires",
      async () => {
        const answer = await page(t, limit, token);
        return answer.status !== 200 && answer;
      },
      EXPIRES_WITHIN_MS,
    );
    assert.equal(refused.status, 410, refused.text);
    assert.equal(refused.json.reason, "Expired");
    const going = refused.json.metadata.continue as string;
    assert.ok(going, "the refusal brings a token to go on with");

    let next = await chunk(t, limit, going);
    assert.notEqual(next.metadata.resourceVersion, first.metadata.resourceVersion);
    assert.equal(next.items.length, limit);
    const { resourceVersion } = next.metadata;
    const names = [...first.items, ...next.items].map(({ metadata }) => metadata.name);
    for (;;) {
      assert.equal(next.metadata.remainingItemCount ?? 0, COUNT - names.length);
      if (!next.metadata.continue) break;
      next = await chunk(t, limit, next.metadata.continue);
      assert.equal(next.metadata.resourceVersion, resourceVersion);
      names.push(...next.items.map(({ metadata }) => metadata.name));
    }
    assert.deepEqual(names, names.toSorted());
    assert.equal(new Set(names).size, COUNT);
  },
);
