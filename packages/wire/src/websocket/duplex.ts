/** A WebSocket as one plain stream of bytes: for SPDY within a WebSocket, as newer clients forward ports. */
import { Duplex } from "node:stream";
import type { WebSocket } from "ws";

export function webSocketDuplex(socket: WebSocket): Duplex {
  const duplex = new Duplex({
    read: () => socket.resume(),
    write: (bytes: Buffer, _encoding, done) => socket.send(bytes, { binary: true }, done),
    final: (done) => {
      socket.close(1000);
      done();
    },
    destroy: (error, done) => {
      socket.terminate();
      done(error);
    },
  });
  socket.on("message", (data: Buffer) => {
    if (!duplex.push(data)) socket.pause();
  });
  socket.on("close", () => {
    if (!duplex.destroyed) duplex.push(null);
    duplex.end();
  });
  socket.on("error", (error) => duplex.destroy(error));
  return duplex;
}
