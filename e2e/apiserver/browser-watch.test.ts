/** A browser, which opens six connections to one host and can send no header of its own, watches as much as it wants over WebSocket. */
import assert from "node:assert/strict";
import { it } from "node:test";
import { configmaps } from "@kubets/api/generated/refs";
import { realClock } from "@kubets/machinery";
import { MemoryStorage } from "@kubets/storage";
import { startApiServer } from "../api-server.ts";
import { Browser, whyNoBrowser } from "../browser.ts";

const COUNT = 20;

it("a page watches twenty times at once, by its user's token", { skip: whyNoBrowser() }, async () => {
  const api = await startApiServer(new MemoryStorage({ clock: realClock }));
  const browser = new Browser(["api.test"]);
  try {
    const host = `api.test:${new URL(api.url).port}`;
    const page = await browser.open(`https://${host}/version`);
    const url = `wss://${host}/api/v1/namespaces/default/configmaps?watch=1&fieldSelector=metadata.name=seen`;
    const token = `base64url.bearer.authorization.k8s.io.${Buffer.from(api.token).toString("base64url")}`;
    const opened = await page.evaluate(`
      const sockets = Array.from({ length: ${COUNT} }, () => new WebSocket("${url}", ["${token}", "a.page"]));
      const first = (socket, event) => new Promise((resolve) => (socket["on" + event] = resolve));
      const told = Promise.all(sockets.map((socket) => first(socket, "message")));
      Promise.all(sockets.map((socket) => Promise.race([first(socket, "open"), first(socket, "close")]))).then((events) =>
        events.map(({ type, target }) => type + " " + target.protocol))`);
    assert.deepEqual(opened, Array(COUNT).fill("open a.page"));
    await api.client.create(configmaps, { metadata: { namespace: "default", name: "seen" } });
    const names = await page.evaluate(
      "told.then((events) => events.map(({ data }) => JSON.parse(data).object.metadata.name))",
    );
    assert.deepEqual(names, Array(COUNT).fill("seen"));
  } finally {
    await browser.close();
    await api.stop();
  }
});
