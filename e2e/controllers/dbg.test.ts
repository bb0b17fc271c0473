import { test } from "node:test";
import { namespaces } from "@kubets/api/generated/refs";
import { startCluster } from "./cluster.ts";
test("x", async () => {
  const c = await startCluster({ controllers: ["deployment"] });
  await c.create(namespaces, { metadata: { name: "a" } });
  console.log(JSON.stringify(await c.get(namespaces, "a")));
  await c.client.delete(namespaces, { name: "a" }).catch((e) => console.log(e.stack));
  console.log(JSON.stringify(await c.get(namespaces, "a").catch((e) => e.message)));
  await c.stop();
});
