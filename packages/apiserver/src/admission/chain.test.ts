import assert from "node:assert/strict";
import { test } from "node:test";
import { pods } from "@kubets/api/generated/refs";
import { startTestServer } from "../testing/server.ts";
import type { AdmissionPlugin } from "./plugin.ts";

/** Which plugins saw each of some creates; `isOpen` says what the flexible one handles by then. */
async function seen(isOpen: readonly boolean[]): Promise<string[][]> {
  const saw: string[][] = [];
  let open = false;
  const plugin = (name: string, parts: Partial<AdmissionPlugin>): AdmissionPlugin => ({
    name,
    handles: (operation, { resource }) => operation === "CREATE" && resource === "pods",
    validate: () => void saw.at(-1)?.push(name),
    ...parts,
  });
  const own = [
    plugin("first", {}),
    plugin("flexible", { isFlexible: true, handles: () => open }),
    plugin("deletes", { handles: (operation) => operation === "DELETE" }),
    plugin("last", {}),
  ];
  const { admin, close } = await startTestServer({ own });
  try {
    for (const [i, now] of isOpen.entries()) {
      open = now;
      saw.push([]);
      const spec = { containers: [{ name: "c", image: "i" }] };
      await admin.create(pods, { metadata: { name: `p${i}`, namespace: "default" }, spec });
    }
  } finally {
    await close();
  }
  return saw;
}

test("plugins see what they handle, in order; a flexible one what it handles by then", async () => {
  assert.deepEqual(await seen([false, true, false]), [
    ["first", "last"],
    ["first", "flexible", "last"],
    ["first", "last"],
  ]);
});
