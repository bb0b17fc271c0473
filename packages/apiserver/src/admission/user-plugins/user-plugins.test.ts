import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { configmaps } from "@kubets/api/generated/refs";
import { VirtualClock } from "@kubets/machinery";
import { startTestServer } from "../../testing/server.ts";
import { loadUserPlugins } from "./load.ts";

const HEAD = 'name: "Mine", operations: ["CREATE"], resources: ["configmaps"]';

type Cluster = Awaited<ReturnType<typeof startTestServer>>;

async function withPlugin(
  source: string,
  run: (cluster: Cluster, clock: VirtualClock) => Promise<void>,
  prepare = (_folder: string) => {},
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "kubets-plugin-"));
  const clock = new VirtualClock();
  const file = join(folder, "mine.ts");
  writeFileSync(file, source);
  try {
    prepare(folder);
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

  it("that ends its process, or hangs, refuses that write, and serves the next one", () =>
    withPlugin(
      `export default { ${HEAD}, validate({ name }: { name: string }) {
         if (name === "ends") process.exit(3);
         if (name === "hangs") for (;;);
       } };`,
      async (cluster, clock) => {
        await assert.rejects(make(cluster, "ends"), { code: 500, message: /"Mine": its process ended/ });
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
        await assert.rejects(make(cluster, "eats"), {
          code: 500,
          message: /"Mine": it needs more than 128 MB of memory/,
        });
        await make(cluster, "a");
      },
    ));

  it("that keeps buffers, which are outside of its heap, ends, and begins anew", () =>
    withPlugin(
      `const kept: unknown[] = [];
       export default { ${HEAD}, validate({ name }: { name: string }) {
         if (name === "keeps") while (kept.length < 200) kept.push(Buffer.alloc(1e6, 1));
         if (kept.length > 0) throw new Error("some kept");
       } };`,
      async (cluster) => {
        await assert.rejects(make(cluster, "keeps"), /some kept|needs more than 128 MB of memory/);
        const isMade = () =>
          make(cluster, "a").then(
            () => true,
            () => false,
          );
        while (!(await isMade())) await delay(10);
      },
    ));

  const strange: [what: string, mutate: string][] = [
    ["an object too deep to be walked", "let at = object; for (let i = 0; i < 1e5; i++) at = at.data = {};"],
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

  const forbidden: [what: string, code: string][] = [
    ["signal the server", "process.kill(process.ppid, 0)"],
    ["start programs", '(await import("node:child_process")).spawn("true")'],
    ["start threads", 'new (await import("node:worker_threads")).Worker("", { eval: true })'],
    ["write files", '(await import("node:fs")).writeFileSync(import.meta.filename + ".new", "")'],
    ["read the server's files", `(await import("node:fs")).readFileSync(${JSON.stringify(import.meta.filename)})`],
    ["connect", 'await new Promise((ok, no) => net.connect(1, "127.0.0.1", ok).on("error", no))'],
    ["listen", 'await new Promise((ok, no) => net.createServer().on("error", no).listen(0, ok))'],
    ["send messages of its own", 'process.send({ say: "answered" })'],
  ];
  for (const [what, code] of forbidden)
    it(`cannot ${what}`, () =>
      withPlugin(
        `import net from "node:net";
         export default { ${HEAD}, async validate() { let done; try { ${code}; done = "it did" } catch (error) { done = "it did not: " + error.message } throw new Error(done); } };`,
        async (cluster) => {
          await assert.rejects(make(cluster, "a"), /it did not: .*(restricted|not for plugins|not a function)/);
        },
      ));

  it("may use what is installed beside it", async () => {
    await withPlugin(
      `import { shout } from "loud"; export default { ${HEAD}, validate() { throw new Error(shout("a")); } };`,
      async (cluster) => {
        await assert.rejects(make(cluster, "a"), /A!/);
      },
      (folder) => {
        const loud = join(folder, "node_modules/loud");
        mkdirSync(loud, { recursive: true });
        writeFileSync(join(loud, "package.json"), '{ "type": "module", "exports": "./index.js" }');
        writeFileSync(join(loud, "index.js"), "export const shout = (text) => `${text.toUpperCase()}!`;");
      },
    );
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
