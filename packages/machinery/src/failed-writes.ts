/** Sockets that are read to their end, whatever becomes of what is written to them. */
import type { Socket } from "node:net";

/**
 * A write that fails says that the far side hears no more; what it said before may still be with the kernel. Node.js would drop that, so
 * the failure is passed over here: the end, or the error, comes by reading.
 */
export function readDespiteFailedWrites(socket: Socket): void {
  const write = socket._write.bind(socket);
  const writeMany = socket._writev?.bind(socket);
  socket._write = (chunk, encoding, done) => write(chunk, encoding, () => done());
  if (writeMany) socket._writev = (chunks, done) => writeMany(chunks, () => done());
}
