/**
 * A socket of this machine that leads where a dialer does: for clients that make their connections themselves, as gRPC's does.
 * Holds: only this user reaches it.
 */
import { once } from "node:events";
import { rmSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { joinStreams } from "@kubets/machinery/join-streams";
import type { Dialer } from "./dialing-agent.ts";

export interface DialRelay {
  /** Of a Unix socket. */
  readonly path: string;
  /** Why the last connection could not be made, if it could not. */
  readonly failure: Error | undefined;
  close(): void;
}

export async function dialRelay(dial: Dialer, host: string, port: number): Promise<DialRelay> {
  const folder = await mkdtemp(join(tmpdir(), "kubets-dial-"));
  const path = join(folder, "socket");
  const open = new Set<Socket>();
  let failure: Error | undefined;
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (near) => {
    open.add(near);
    near.on("error", () => {}).once("close", () => open.delete(near));
    dial(host, port).then(
      (far) => {
        failure = undefined;
        joinStreams(near, far);
      },
      (error: Error) => {
        failure = error;
        near.destroy(error);
      },
    );
  });
  server.listen(path);
  await once(server, "listening");
  // Calls keep the process alive, not the chance of one.
  server.unref();
  return {
    path,
    get failure() {
      return failure;
    },
    close() {
      server.close();
      for (const socket of open) socket.destroy();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
