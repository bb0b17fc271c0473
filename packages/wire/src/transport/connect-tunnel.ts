/** Asks a proxy for a connection to somewhere else, by CONNECT of HTTP/1.1. */
import type { Socket } from "node:net";

const LONGEST_ANSWER = 16 * 1024;

interface TunnelOptions {
  /** For errors: where the proxy is. */
  readonly proxy: string;
  readonly target: string;
  /** "name:password". */
  readonly login?: string;
  readonly signal: AbortSignal;
}

/** Resolves once the proxy has made the connection; nothing was read beyond its answer. */
export async function tunnel(socket: Socket, { proxy, target, login, signal }: TunnelOptions): Promise<void> {
  const authorization = login ? `Proxy-Authorization: Basic ${Buffer.from(login).toString("base64")}\r\n` : "";
  socket.write(`CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n${authorization}\r\n`);
  const { head, beyond } = await answerOf(socket, signal).catch((cause: unknown) => {
    const why = (cause as Error).message;
    throw new Error(`reading HTTP response from CONNECT to ${target} via proxy ${proxy} failed: ${why}`, { cause });
  });
  if (!head.startsWith("200"))
    throw new Error(`proxy error from ${proxy} while dialing ${target}, code ${head.slice(0, 3)}: ${head}`);
  // Whoever is connected to hears first: TLS and HTTP begin with the client.
  if (beyond > 0)
    throw new Error(`unexpected ${beyond} bytes of buffered data from CONNECT proxy ${JSON.stringify(proxy)}`);
}

/**
 * The status of the answer ("200 OK"), and how much more was read than its head. Read as it comes, not by `data`, so that whoever takes the
 * socket then finds it as if new.
 */
function answerOf(socket: Socket, signal: AbortSignal): Promise<{ readonly head: string; readonly beyond: number }> {
  let read = Buffer.alloc(0);
  return new Promise((resolve, reject) => {
    const stop = () => {
      socket.off("readable", more).off("error", fail).off("end", ended);
      signal.removeEventListener("abort", late);
    };
    const fail = (error: Error) => {
      stop();
      reject(error);
    };
    const ended = () => fail(new Error("unexpected EOF"));
    const late = () => fail(signal.reason as Error);
    const more = () => {
      for (let chunk = socket.read() as Buffer | null; chunk; chunk = socket.read() as Buffer | null)
        read = Buffer.concat([read, chunk]);
      const end = read.indexOf("\r\n\r\n");
      if (end < 0 && read.length < LONGEST_ANSWER) return;
      const [, head] = /^HTTP\/1\.\d (\d{3}(?: [^\r\n]*)?)\r\n/.exec(read.toString("latin1")) ?? [];
      if (end < 0 || head === undefined) return fail(new Error("malformed HTTP response"));
      stop();
      resolve({ head, beyond: read.length - end - 4 });
    };
    socket.on("readable", more).on("error", fail).on("end", ended);
    signal.addEventListener("abort", late, { once: true });
  });
}
