/**
 * A SOCKS 5 proxy for tests, without TLS: whatever host is asked for, it connects to that port of loopback. Wants a name and password where they
 * are offered.
 */
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { joinStreams } from "@kubets/machinery/join-streams";

export async function startSocksProxy({ refuses = false } = {}) {
  const [targets, logins]: [string[], string[]] = [[], []];
  const open = new Set<Socket>();
  const server = createServer(async (near) => {
    open.add(near);
    near.on("error", () => {}).once("close", () => open.delete(near));
    const ways = await counted(near, 1);
    near.write(Buffer.from([5, ways.includes(2) ? 2 : 0]));
    if (ways.includes(2)) {
      logins.push(`${await counted(near, 1)}:${await counted(near, 0)}`);
      near.write(Buffer.from([1, 0]));
    }
    const [, , , kind] = await take(near, 4);
    const host = kind === 1 ? [...(await take(near, 4))].join(".") : String(await counted(near, 0));
    const port = (await take(near, 2)).readUInt16BE();
    targets.push(`${host}:${port}`);
    const answer = (code: number) => Buffer.from([5, code, 0, 1, 0, 0, 0, 0, 0, 0]);
    if (refuses) return near.end(answer(2));
    const far = connect({ host: "127.0.0.1", port }, () => {
      near.write(answer(0));
      joinStreams(near, far);
    });
    far.on("error", () => near.destroy());
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    /** What was asked for, in order. */
    targets,
    /** The "name:password" that came with it, where one came. */
    logins,
    async close() {
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

/** What stands behind `skipped` bytes and its own length. */
async function counted(socket: Socket, skipped: number): Promise<Buffer> {
  const head = await take(socket, skipped + 1);
  return take(socket, head[skipped] as number);
}

async function take(socket: Socket, count: number): Promise<Buffer> {
  for (;;) {
    const bytes = socket.read(count) as Buffer | null;
    if (bytes) return bytes;
    await once(socket, "readable");
  }
}
