/** What both drivers of namespaces do, tried against a namespace made for it. Root only. */
import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { mkdtemp, readlink, rm } from "node:fs/promises";
import { createServer, Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { run } from "./collect.ts";
import type { NamespaceDriver, Scope } from "./driver.ts";
import { dropNamespaces, makeNamespaces } from "./namespace-set.ts";

export function namespacesSuite(name: string, create: () => NamespaceDriver): void {
  const skip = process.getuid?.() === 0 ? false : "entering namespaces takes root";

  describe(`the ${name} driver`, { skip }, () => {
    const driver = create();
    let folder: string;
    let scope: Scope & { net: string };

    before(async () => {
      folder = await mkdtemp(join(tmpdir(), "kubets-ns-"));
      const kinds = ["net", "mnt", "uts", "ipc"] as const;
      const made = await makeNamespaces({ folder: join(folder, "one"), kinds, hostname: "inside" });
      scope = { ...made, net: made.net ?? assert.fail("no network namespace") };
    });
    after(async () => {
      await driver.close();
      await dropNamespaces(folder);
      await rm(folder, { recursive: true, force: true });
    });

    it("works on this machine", async () => assert.equal(await driver.unavailable(), undefined));

    it("starts a program inside, whose id, exit and streams are its own", async () => {
      const child = await driver.spawn(scope, "/bin/sh", [
        "-c",
        "hostname; echo $$; readlink /proc/self/ns/net; exit 7",
      ]);
      let said = "";
      child.stdout?.setEncoding("utf8").on("data", (text: string) => {
        said += text;
      });
      const [code] = (await once(child, "close")) as [number];
      const [hostname, pid, net] = said.split("\n");
      assert.deepEqual([hostname, Number(pid), code], ["inside", child.pid, 7]);
      assert.notEqual(net, await readlink("/proc/self/ns/net"));
    });

    it("hands signals to the program", async () => {
      const child = await driver.spawn(scope, "/bin/sleep", ["60"], { cwd: "/tmp" });
      child.kill("SIGTERM");
      const [, signal] = (await once(child, "exit")) as [number | null, string];
      assert.equal(signal, "SIGTERM");
    });

    it("serves from outside on a socket inside, and connects to it", async () => {
      const { fd, port } = await driver.listen(scope, { host: "127.0.0.1", port: 0 });
      const server = createServer((socket) => socket.end("from outside")).listen({ fd });
      await once(server, "listening");
      const opened = await driver.connect(scope, { host: "127.0.0.1", port });
      const socket = new Socket({ fd: opened.fd });
      let said = "";
      for await (const chunk of socket.setEncoding("utf8")) said += chunk;
      assert.equal(said, "from outside");
      // The port is inside: nothing of it is to be seen from here.
      await assert.rejects(driver.connect({}, { host: "127.0.0.1", port }), { code: "ECONNREFUSED" });
      server.close();
      await once(server, "close");
      await assert.rejects(driver.connect(scope, { host: "127.0.0.1", port }), { code: "ECONNREFUSED" });
    });

    it("speaks IPv6", async () => {
      const { fd, port } = await driver.listen(scope, { host: "::1", port: 0 });
      const server = createServer((socket) => socket.end()).listen({ fd });
      await once(server, "listening");
      new Socket({ fd: (await driver.connect(scope, { host: "::1", port })).fd }).destroy();
      server.close();
    });

    it("binds datagram sockets", async () => {
      const { fd, port } = await driver.listen(scope, { host: "127.0.0.1", port: 0, protocol: "udp" });
      const socket = createSocket("udp4");
      await new Promise<void>((resolve) => socket.bind({ fd }, resolve));
      const heard = once(socket, "message") as Promise<[Buffer]>;
      // The shell that sends is not POSIX's: datagrams by redirection are Bash's.
      await run("/bin/bash", ["-c", `echo -n hello > /dev/udp/127.0.0.1/${port}`], { scope });
      assert.equal(String((await heard)[0]), "hello");
      socket.close();
    });

    it("serves many at once", async () => {
      const { fd, port } = await driver.listen(scope, { host: "127.0.0.1", port: 0 });
      const server = createServer((socket) => socket.end("x")).listen({ fd });
      await once(server, "listening");
      const opened = await Promise.all(
        Array.from({ length: 50 }, () => driver.connect(scope, { host: "127.0.0.1", port })),
      );
      assert.equal(new Set(opened.map((socket) => socket.fd)).size, 50);
      for (const socket of opened) {
        const client = new Socket({ fd: socket.fd });
        client.resume();
        await once(client, "close");
      }
      server.close();
    });

    it("says what failed by its code", async () => {
      await assert.rejects(driver.listen(scope, { host: "192.0.2.77", port: 0 }), { code: "EADDRNOTAVAIL" });
      await assert.rejects(driver.connect(scope, { host: "192.0.2.77", port: 1 }), { code: "ENETUNREACH" });
      await assert.rejects(driver.listen({ net: join(folder, "none") }, { host: "127.0.0.1", port: 0 }), {
        code: "ENOENT",
      });
      const { fd, port } = await driver.listen(scope, { host: "127.0.0.1", port: 0 });
      await assert.rejects(driver.listen(scope, { host: "127.0.0.1", port }), { code: "EADDRINUSE" });
      createServer().listen({ fd }, function close(this: ReturnType<typeof createServer>) {
        this.close();
      });
    });
  });
}
