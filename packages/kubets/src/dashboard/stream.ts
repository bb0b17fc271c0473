/**
 * Answers that come piece by piece (watches, logs), over a WebSocket: a browser keeps only six plain connections to one server, for all of its
 * pages together. The query says what is asked: `path`, and `accept`, which a browser cannot say with a WebSocket.
 * The first message is the status; then come the pieces as they come, as bytes. No more is read from the server than the browser takes.
 */
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { STREAM_PROTOCOL } from "@kubets/dashboard/server/protocols";
import type { Link } from "@kubets/kubectl/api/rest";
import { acceptWebSocket } from "@kubets/wire/websocket";

export async function streamOverSocket(link: Link, from: IncomingMessage, client: Duplex, head: Buffer): Promise<void> {
  const { searchParams } = new URL(from.url ?? "/", "http://dashboard");
  const upgrade = { protocol: "websocket", request: from, accept: () => ({ socket: client, head }) };
  const gone = new AbortController();
  try {
    const { socket } = acceptWebSocket(upgrade, STREAM_PROTOCOL);
    socket.on("close", () => gone.abort());
    socket.on("error", () => gone.abort());
    const send = (message: string | Uint8Array): Promise<void> =>
      new Promise((resolve, reject) => socket.send(message, (error) => (error ? reject(error) : resolve())));
    try {
      const answer = await link.transport.request({
        method: "GET",
        path: searchParams.get("path") ?? "/",
        headers: { accept: searchParams.get("accept") ?? "application/json" },
        signal: gone.signal,
      });
      await send(String(answer.status));
      for await (const piece of answer.stream()) await send(piece);
      socket.close(1000);
    } catch (error) {
      // A reason has at most 123 bytes.
      socket.close(1011, (error instanceof Error ? error.message : String(error)).slice(0, 40));
    }
  } catch {
    client.destroy();
  }
}
