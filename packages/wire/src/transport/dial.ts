/** Opens connections to a server, with TLS and the choice of protocol that comes with it. */
import { connect as connectTcp, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { connect as connectTls, type TLSSocket } from "node:tls";
import type { Dialer } from "./dialing-agent.ts";
import { hostOf, type TlsOptions, tlsOptions } from "./tls-options.ts";
import { TransportError } from "./transport.ts";

interface DialOptions {
  readonly server: URL;
  readonly tls: TlsOptions;
  readonly protocols: readonly string[];
  readonly timeoutMs: number;
  /** Makes the connection below TLS; by TCP when absent. */
  readonly dialer?: Dialer | undefined;
}

const CA_ERRORS = /UNABLE_TO|SELF_SIGNED|CERT_|ERR_TLS_CERT/;

export async function dial({ server, tls, protocols, timeoutMs, dialer }: DialOptions): Promise<Socket | TLSSocket> {
  const secure = server.protocol === "https:";
  const host = hostOf(server);
  const port = Number(server.port || (secure ? 443 : 80));
  const late = () => tooLate(server, timeoutMs);
  const below =
    dialer &&
    (await inTime(dialer(host, port), timeoutMs, late).catch((error: unknown) => {
      throw dialError(server, error as Error);
    }));
  // What is not a socket of node:net is as good to those who speak HTTP over it.
  if (below && !secure) return below as Socket;
  const socket = secure
    ? connectTls({
        host,
        port,
        ALPNProtocols: [...protocols],
        ...tlsOptions(tls, host),
        ...(below && { socket: below }),
      })
    : connectTcp({ host, port });
  return await new Promise((resolve, reject) => {
    const timer = setTimeout(() => fail(late()), timeoutMs);
    const fail = (error: Error) => {
      clearTimeout(timer);
      socket.on("error", () => {});
      socket.destroy();
      reject(dialError(server, error));
    };
    socket.once("error", fail);
    socket.once(secure ? "secureConnect" : "connect", () => {
      clearTimeout(timer);
      socket.off("error", fail);
      socket.setNoDelay(true);
      socket.setKeepAlive(true, 30_000);
      resolve(socket);
    });
  });
}

export const tooLate = (server: URL, timeoutMs: number): TransportError =>
  new TransportError("timeout", `${server.origin} did not answer within ${timeoutMs} ms`);

/** What is made too late is nobody's. */
function inTime(making: Promise<Duplex>, timeoutMs: number, late: () => Error): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(late());
      making.then(
        (made) => made.destroy(),
        () => {},
      );
    }, timeoutMs);
    making.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

function dialError(server: URL, cause: Error): TransportError {
  if (cause instanceof TransportError) return cause;
  const { code = "" } = cause as NodeJS.ErrnoException;
  if (CA_ERRORS.test(code)) {
    return new TransportError("untrusted", `the certificate of ${server.origin} is not trusted: ${cause.message}`, {
      cause,
    });
  }
  return new TransportError("unreachable", `${server.origin} cannot be reached: ${cause.message || code}`, { cause });
}
