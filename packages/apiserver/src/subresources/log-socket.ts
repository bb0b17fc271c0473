/** Logs for clients that can only speak WebSocket (browsers): each piece of the answer is a message, raw or in base64. */
import type { IncomingMessage } from "node:http";
import { badRequest } from "@kubets/machinery";
import type { Exchange } from "@kubets/wire/http";
import { acceptWebSocket, chooseProtocol } from "@kubets/wire/websocket";
import { askPlainly, type Target } from "./pass-through.ts";

const RAW = "binary.k8s.io";
const BASE64 = "base64.binary.k8s.io";

export async function logsOverSocket(exchange: Exchange, target: Target): Promise<void> {
  const upgrade = exchange.upgrade as NonNullable<Exchange["upgrade"]>;
  const protocol = chooseProtocol(upgrade.request, [RAW, BASE64]);
  if (protocol === undefined) throw badRequest(`none of the protocols is known; ${RAW} and ${BASE64} are`);
  const answer: IncomingMessage = await askPlainly(exchange, target);
  if (answer.statusCode !== 200) {
    const body = Buffer.concat(await Array.fromAsync(answer as AsyncIterable<Buffer>));
    return exchange.respond(answer.statusCode ?? 502, ["content-type", "text/plain"], body);
  }
  const { socket } = acceptWebSocket(upgrade, protocol);
  socket.on("close", () => answer.destroy());
  socket.on("error", () => answer.destroy());
  try {
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      const message = protocol === BASE64 ? chunk.toString("base64") : chunk;
      await new Promise<void>((resolve, reject) =>
        socket.send(message, (error?: Error | null) => (error ? reject(error) : resolve())),
      );
    }
    socket.close(1000);
  } catch {
    socket.terminate();
  }
}
