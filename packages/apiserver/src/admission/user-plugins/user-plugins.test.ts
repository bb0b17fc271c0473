import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { configmaps } from "@kubets/api/generated/refs";
import { VirtualClock } from "@kubets/machinery";
import { startTestServer } from "../../testing/server.ts";
import { loadUserPlugins } from "./load.ts";

const HEAD = 'name: "Mine", operations: ["CREATE"], resources: ["configmaps"]';

type Cluster = Awaited<ReturnType<typeof startTestServer>>;

async function withPlugin(
  source: string,
  run: (cluster: Cluster, clock: VirtualClock) => Promise<void>,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "kubets-plugin-"));
  const clock = new VirtualClock();
  const file = join(folder, "mine.ts");
  writeFileSync(file, source);
  try {
    const { plugins, close } = await loadUserPlugins([file], clock);
    const cluster = await startTestServer({ own: plugins });
    try {
      await run(cluster, clock);
    } finally {
      await cluster.close();
      await close();
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const make = (cluster: Cluster, name: string, data: Record<string, string> = {}) =>
  cluster.admin.create(configmaps, { metadata: { name, namespace: "default" }, data });

describe("a user's own admission plugin", () => {
  it("changes objects, and refuses them with its words", () =>
    withPlugin(
      `export default { ${HEAD},
         mutate({ object }: { object: { data: Record<string, string> } }) { object.data["added"] = "yes"; },
         async validate({ object, user }: { object: { data: Record<string, string> }; user: { username: string } }) {
           if (object.data["bad"]) throw new Error("no bad data, " + user.username);
         } };`,
      async (cluster) => {
        assert.deepEqual((await make(cluster, "a", { own: "1" })).data, { added: "yes", own: "1" });
        await assert.rejects(make(cluster, "b", { bad: "1" }), {
          code: 403,
          message: 'configmaps "b" is forbidden: no bad data, admin',
        });
        assert.deepEqual(
          cluster.server.context.view.list(configmaps, "default").map(({ metadata }) => metadata.name),
          ["a"],
        );
      },
    ));

  it("that ends its thread, or hangs, refuses that write, and serves the next one", () =>
    withPlugin(
      `export default { ${HEAD}, validate({ name }: { name: string }) {
         if (name === "ends") process.exit(3);
         if (name === "hangs") for (;;);
       } };`,
      async (cluster, clock) => {
        await assert.rejects(make(cluster, "ends"), { code: 500, message: /"Mine": its thread ended/ });
        await make(cluster, "a");
        let over = false;
        const hangs = assert
          .rejects(make(cluster, "hangs"), { code: 500, message: /did not answer within 1000 ms/ })
          .finally(() => (over = true));
        while (!over) {
          await clock.advance(500);
          await new Promise(setImmediate);
        }
        await hangs;
        await make(cluster, "b");
      },
    ));

  it("that eats memory ends alone", () =>
    withPlugin(
      `export default { ${HEAD}, validate({ name }: { name: string }) {
         const eaten: unknown[] = [];
         while (name === "eats") eaten.push(new Array(1e5).fill(Math.random()));
       } };`,
      async (cluster) => {
        await assert.rejects(make(cluster, "eats"), { code: 500 });
        await make(cluster, "a");
      },
    ));

  it("that keeps buffers, which are outside of its heap, ends, and begins anew", () =>
    withPlugin(
      `const kept: unknown[] = [];
       export default { ${HEAD}, validate({ name }: { name: string }) {
         if (name === "keeps") while (kept.length < 200) kept.push(Buffer.alloc(1e6));
         if (kept.length > 0) throw new Error("some kept");
       } };`,
      async (cluster, clock) => {
        await assert.rejects(make(cluster, "keeps"), /some kept/);
        await clock.advance(100);
        const isMade = () =>
          make(cluster, "a").then(
            () => true,
            () => false,
          );
        while (!(await isMade())) await clock.advance(1);
      },
    ));

  const strange: [what: string, mutate: string][] = [
    ["an object too deep to be walked", "let at = object; for (let i = 0; i < 1e5; i++) at = at.data = {};"],
    [
      "what nobody asked for",
      'process.getBuiltinModule("worker_threads").parentPort.postMessage(null); throw new Error("told");',
    ],
    ["an error when nobody waits any more", "setTimeout(() => { throw new Error() }); await new Promise(() => {});"],
  ];
  for (const [what, mutate] of strange)
    it(`that tells ${what} refuses that write, and serves the next one`, () =>
      withPlugin(
        `export default { ${HEAD}, async mutate({ object, name }: any) { if (name === "strange") { ${mutate} } } };`,
        async (cluster) => {
          await assert.rejects(make(cluster, "strange"), { name: "StatusError" });
          await make(cluster, "a");
        },
      ));

  it("that is never done with its loading is refused at start", async () => {
    const clock = new VirtualClock();
    const folder = mkdtempSync(join(tmpdir(), "kubets-plugin-"));
    const file = join(folder, "mine.ts");
    writeFileSync(file, "for (;;);");
    try {
      const loads = assert.rejects(loadUserPlugins([file], clock), /mine.ts cannot be used: it was not loaded within/);
      await clock.advance(10_000);
      await loads;
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("sees no secrets of the server's environment", () =>
    withPlugin(
      `export default { ${HEAD}, validate() { throw new Error(Object.keys(process.env).length + " variables"); } };`,
      async (cluster) => {
        await assert.rejects(make(cluster, "a"), /0 variables/);
      },
    ));

  const wrong: [source: string, why: RegExp][] = [
    ["export default {", /cannot be used/],
    ["throw new Error('at once');", /mine.ts cannot be used: at once/],
    ["export const plugin = 1;", /the default export must be an object with name, operations and resources/],
    [`export default { ${HEAD} };`, /it has neither mutate nor validate/],
  ];
  for (const [source, why] of wrong)
    it(`is refused at start: ${source}`, () =>
      assert.rejects(
        withPlugin(source, async () => {}),
        why,
      ));
});
