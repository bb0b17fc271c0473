/** A watch that begins with more than may ever wait for a client: it goes out as the client reads, and what comes meanwhile comes after it. */
import assert from "node:assert/strict";
import { it } from "node:test";
import { configmaps } from "@kubets/api/generated/refs";
import { realClock } from "@kubets/machinery";
import { MemoryStorage } from "@kubets/storage";
import { startApiServer } from "../api-server.ts";

const COUNT = 40;
const LARGE = "x".repeat(900_000);

it("tells all of a large state, then the present", async () => {
  const api = await startApiServer(new MemoryStorage({ clock: realClock }));
  try {
    const key = (name: string) => ({ namespace: "default", name });
    for (let i = 0; i < COUNT; i++)
      await api.client.create(configmaps, { metadata: key(`large-${i}`), data: { text: LARGE } });
    const path = `/api/v1/namespaces/default/configmaps?watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true`;
    const response = await api.overHttps.request({ method: "GET", path });
    await api.client.create(configmaps, { metadata: key("late") });
    const told: string[] = [];
    let rest = "";
    for await (const chunk of response.stream()) {
      const lines = (rest + Buffer.from(chunk).toString()).split("\n");
      rest = lines.pop() as string;
      for (const line of lines) {
        const { type, object } = JSON.parse(line) as { type: string; object: { metadata: { name?: string } } };
        if (object.metadata.name !== "kube-root-ca.crt") told.push(object.metadata.name ?? type);
      }
      if (told.includes("late")) break;
    }
    const names = Array.from({ length: COUNT }, (_, i) => `large-${i}`).sort();
    assert.deepEqual(told, [...names, "BOOKMARK", "late"]);
  } finally {
    await api.stop();
  }
});
