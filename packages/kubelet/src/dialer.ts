/**
 * Opens connections from where the node is. The kubelet may run outside of its node's network namespace: then the dialer enters it.
 * Holds: `dial` resolves with a connected socket, or rejects with the system's error (its `code` says ECONNREFUSED and the like).
 */
import { connect } from "node:net";
import type { Duplex } from "node:stream";

export interface Dialer {
  dial(host: string, port: number, signal?: AbortSignal): Promise<Duplex>;
}

/** From this process's own namespace. */
export const directDialer: Dialer = {
  dial: (host, port, signal) =>
    new Promise((resolve, reject) => {
      const socket = connect({ host, port, noDelay: true, ...(signal && { signal }) });
      socket.once("connect", () => {
        socket.off("error", reject);
        resolve(socket);
      });
      socket.once("error", reject);
    }),
};
