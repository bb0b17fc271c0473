/** Ports of the host that lead into a namespace, with both drivers. */
import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { silentLogger } from "@kubets/machinery";
import { publish } from "@kubets/sandbox";
import { NAMESPACE_DRIVERS } from "@kubets/sandbox/namespaces/choose";
import { dropNamespaces, makeNamespaces } from "@kubets/sandbox/namespaces/namespace-set";

const log = silentLogger;
const skip = process.getuid?.() === 0 ? false : "entering namespaces takes root";

for (const [name, create] of Object.entries(NAMESPACE_DRIVERS)) {
  describe(`a published port, by the ${name} driver`, { skip }, () => {
    const driver = create();
    let folder: string;
    let scope: { net: string };

    before(async () => {
      folder = await mkdtemp(join(tmpdir(), "kubets-port-"));
      await makeNamespaces({ folder: join(folder, "one"), kinds: ["net"] });
      scope = { net: join(folder, "one", "net") };
    });
    after(async () => {
      await driver.close();
      await dropNamespaces(folder);
      await rm(folder, { recursive: true, force: true });
    });

    it("passes streams both ways, and the end of one of them", async () => {
      const { fd, port } = await driver.listen(scope, { host: "127.0.0.1", port: 0 });
      // Answers only when the client has said all: the client's half must be closed on its own.
      const server = createServer({ allowHalfOpen: true }, (socket) => {
        let size = 0;
        socket.on("data", (chunk) => {
          size += chunk.length;
        });
        socket.once("end", () => socket.end(`got ${size}`));
      }).listen({ fd });
      const opened = await publish({ driver, hostPort: 0, target: { scope, host: "127.0.0.1", port }, log });
      const client = connect({ port: opened.port, host: "127.0.0.1", allowHalfOpen: true });
      client.end(Buffer.alloc(3_000_000));
      let said = "";
      for await (const chunk of client.setEncoding("utf8")) said += chunk;
      assert.equal(said, "got 3000000");
      await opened.close();
      server.close();
    });

    it("closes a client when nothing listens inside", async () => {
      const opened = await publish({ driver, hostPort: 0, target: { scope, host: "127.0.0.1", port: 9 }, log });
      const client = connect({ port: opened.port, host: "127.0.0.1" });
      client.on("error", () => {});
      await new Promise((resolve) => client.once("close", resolve));
      await opened.close();
    });

    it("says that the host's port is taken", async () => {
      const target = { scope, host: "127.0.0.1", port: 9 };
      const opened = await publish({ driver, hostPort: 0, target, log });
      await assert.rejects(publish({ driver, hostPort: opened.port, target, log }), { code: "EADDRINUSE" });
      await opened.close();
    });

    it("passes datagrams, and answers to each client", async () => {
      const { fd, port } = await driver.listen(scope, { host: "127.0.0.1", port: 0, protocol: "udp" });
      const echo = createSocket("udp4");
      echo.on("message", (message, from) => echo.send(`echo ${String(message)}`, from.port, from.address));
      await new Promise<void>((resolve) => echo.bind({ fd }, resolve));
      const opened = await publish({
        driver,
        hostPort: 0,
        protocol: "udp",
        target: { scope, host: "127.0.0.1", port },
        log,
      });
      await Promise.all(
        ["a", "b"].map(async (text) => {
          const client = createSocket("udp4");
          client.send(text, opened.port, "127.0.0.1");
          const [answer] = (await once(client, "message")) as [Buffer];
          assert.equal(String(answer), `echo ${text}`);
          client.close();
        }),
      );
      await opened.close();
      echo.close();
    });
  });
}
