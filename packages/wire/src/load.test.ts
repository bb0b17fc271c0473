import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { describe, it } from "node:test";

/** Names of the npm packages that a process has loaded after importing one of our paths. */
function loadedBy(path: string): string[] {
  const script = `
    import { registerHooks } from "node:module";
    const seen = new Set();
    registerHooks({ resolve(specifier, context, next) {
      const found = next(specifier, context);
      const name = /node_modules\\/((@[^/]+\\/)?[^/]+)/.exec(found.url)?.[1];
      if (name && !name.startsWith("@kubets/")) seen.add(name);
      return found;
    } });
    await import(${JSON.stringify(new URL(path, import.meta.url))});
    console.log(JSON.stringify([...seen]));`;
  const { stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", script], { encoding: "utf8" });
  assert.ok(stdout, stderr);
  return JSON.parse(stdout) as string[];
}

describe("the paths of this package", () => {
  it("load nothing that their user does not need", () => {
    for (const path of [
      "./index.ts",
      "./http.ts",
      "./transport.ts",
      "./grpc.ts",
      "./proto.ts",
      "./x509.ts",
      "./jwt.ts",
      "./spdy.ts",
    ]) {
      assert.deepEqual(loadedBy(path), [], path);
    }
    assert.deepEqual(loadedBy("./websocket.ts"), ["ws"]);
  });
});
