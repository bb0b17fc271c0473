/**
 * Lets new connections begin a few in each turn of the event loop: a handshake takes the loop for most of a millisecond, and who opens many connections at
 * once would hold up all that are open.
 */
import type { EventEmitter } from "node:events";
import type { Socket } from "node:net";

const A_TURN = 2;

/** What `server` does with a new connection it does from now on when the connection's turn comes. */
export function takeArrivalsInTurn(server: EventEmitter): void {
  const begin = server.listeners("connection") as ((socket: Socket) => void)[];
  server.removeAllListeners("connection");
  const arrived: Socket[] = [];
  const turn = () => {
    for (const socket of arrived.splice(0, A_TURN))
      if (!socket.destroyed) for (const each of begin) each.call(server, socket);
    if (arrived.length > 0) setImmediate(turn);
  };
  server.on("connection", (socket: Socket) => {
    // One that goes while it waits is nobody's concern.
    socket.on("error", ignore);
    arrived.push(socket);
    if (arrived.length === 1) setImmediate(turn);
  });
}

function ignore(): void {}
